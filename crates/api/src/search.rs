//! Search in content.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is searched for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SearchQuery {
    /// Words, all of which must stand in one message; `"a phrase"` in quotes; `begin*` for a beginning.
    pub q: String,
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What was found, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct SearchReply {
    pub hits: Vec<Hit>,
    pub next_cursor: Option<String>,
    /// Messages that the index has not reached yet.
    pub search_lag: u64,
}

/// One message, argument, result or error that holds what was searched for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Hit {
    /// Content hash: a message's `id`.
    pub id: String,
    /// `input`, `output`, `system`, `arguments`, `result` or `error`.
    pub purpose: String,
    /// A piece of the text around the first match.
    pub snippet: String,
    /// Where in the snippet the matches are: pairs of start and end, counted in characters.
    pub highlights: Vec<(usize, usize)>,
    /// Where runs met it first, newest first, 20 at most.
    pub places: Vec<Place>,
}

/// Where a run met it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Place {
    pub run_id: String,
    pub run_name: String,
    pub turn: Option<u64>,
    pub step_id: String,
    pub step_name: String,
    pub started_at: i64,
}
