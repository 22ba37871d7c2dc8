//! Errors of tools.

use std::time::Duration;

/// Why a tool failed.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A server could not be started.
    #[error("cannot start the MCP server {server}: {cause}")]
    Start {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// Two tools have the same name.
    #[error("two tools have the name {0}")]
    DuplicateName(String),
    /// The tool reported a failure.
    #[error("{0}")]
    Failed(String),
    /// The tool's server could not be reached, or gave an invalid response.
    #[error("{server} failed: {cause}")]
    Unavailable {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// The tool did not respond in time.
    #[error("no response within {} s", .0.as_secs_f64())]
    Timeout(Duration),
}

impl ToolError {
    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start { .. } => "tool_start",
            Self::DuplicateName(_) => "tool_names",
            Self::Failed(_) => "tool_error",
            Self::Unavailable { .. } => "tool_unreachable",
            Self::Timeout(_) => "timeout",
        }
    }
}
