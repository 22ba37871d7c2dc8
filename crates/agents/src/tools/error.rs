//! What can go wrong with a tool.

use std::time::Duration;

/// What went wrong with a tool.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A server could not be started.
    #[error("the MCP server {server} cannot be started: {cause}")]
    Start {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// Two tools have one name.
    #[error("two tools are called {0}")]
    Twice(String),
    /// The tool said that it failed.
    #[error("{0}")]
    Failed(String),
    /// It could not be reached, or answered nonsense.
    #[error("{server} failed: {cause}")]
    Broken {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// It did not answer in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
}

impl ToolError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start { .. } => "tool_start",
            Self::Twice(_) => "tool_names",
            Self::Failed(_) => "tool_error",
            Self::Broken { .. } => "tool_unreachable",
            Self::Timeout(_) => "timeout",
        }
    }
}
