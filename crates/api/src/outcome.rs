//! What something used and cost, and why it failed: parts of runs, turns, steps and figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens; unknown is null.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Usage {
    /// All input tokens, those read from or written to a cache included.
    pub input_tokens: Option<u64>,
    /// All output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Input tokens read from the provider's cache.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to the provider's cache.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}

/// What something cost, in US dollars. Unknown is null, never 0.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Money {
    /// Of each call our own figure (tokens × price), else the client's.
    pub cost_usd: Option<f64>,
    /// `computed`, `reported`, `mixed` or null.
    pub cost_source: Option<String>,
    /// Whether every model call has a price; one that failed before it used a token needs none.
    pub cost_complete: bool,
    /// Calls without a price.
    pub unpriced_calls: u64,
    /// What the client says.
    pub reported_cost_usd: Option<f64>,
}

/// Why something failed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ErrorInfo {
    /// The class of error, such as `TimeoutError`; `_OTHER` where the telemetry only says that it failed.
    #[serde(rename = "type")]
    pub kind: String,
    /// The first 2,000 characters of the message; null when there is none.
    pub message: Option<String>,
}

impl ErrorInfo {
    /// The error in one line.
    pub fn text(&self) -> String {
        match &self.message {
            Some(message) if message.contains(&self.kind) || self.kind == "_OTHER" => message.clone(),
            Some(message) => format!("{}: {message}", self.kind),
            None => self.kind.clone(),
        }
    }
}
