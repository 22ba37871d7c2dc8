//! Whether a server is well.

use crate::Reprojection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the server is well.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Health {
    /// `ok`, or `degraded` when something below is not as it should be.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// Milliseconds since the server started.
    pub uptime_ms: u64,
    /// What is degraded, in words.
    pub degraded: Vec<String>,
    /// Contents that the search index has not reached yet.
    pub search_lag: u64,
    /// Requests, traces and messages that could not be processed and were set aside; `turnscope doctor` says why.
    pub quarantined: u64,
    /// How far the facts of stored records have been found again.
    pub reprojection: Reprojection,
}
