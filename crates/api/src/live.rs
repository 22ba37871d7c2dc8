//! The live stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where to go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LiveQuery {
    /// As the header `Last-Event-ID`, for clients that cannot set one; the header wins.
    pub last_event_id: Option<String>,
}
