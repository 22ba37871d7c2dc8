//! Search in content.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is searched for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SearchQuery {
    /// Plain text: pieces of text, all of which must stand in one message, and `"a phrase"` in quotes. Case, width and the
    /// kind of white space do not matter; symbols do.
    pub q: String,
    /// Only in the runs that this query asks for, written as `q` of `GET /v1/runs`.
    pub filter: Option<String>,
    /// Only texts that were first met as one of these, separated by commas: `input`, `output`, `system`, `arguments`, `result`,
    /// `error`.
    pub purpose: Option<String>,
    /// Hits on the page, 1 to 200; default 20.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What was found, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct SearchReply {
    /// What was found: each message once, however often it was sent.
    pub hits: Vec<Hit>,
    /// Pass it as `cursor` for the next page; null on the last. A page may hold fewer hits than `limit`, or none, and not be
    /// the last: each looks through a bounded amount of text.
    pub next_cursor: Option<String>,
    /// Messages that hold what was searched for, counted up to 200 or for as long as a page may take; with a `filter`, in
    /// runs of any kind; with a `purpose`, only such. Null on later pages.
    pub total: Option<u64>,
    /// Whether there are no more than `total`. Null on later pages.
    pub total_is_exact: Option<bool>,
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
    pub places: Vec<Occurrence>,
}

/// Where a run met it first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Occurrence {
    /// The run.
    pub run_id: String,
    /// The run's name, as lists show it.
    pub run_name: String,
    /// The turn of the run, from 1; null outside of turns.
    pub turn: Option<u64>,
    /// The step that was sent the message, or gave it.
    pub step_id: String,
    /// That step's name.
    pub step_name: String,
    /// When that step began, milliseconds since the epoch.
    pub started_at: i64,
}
