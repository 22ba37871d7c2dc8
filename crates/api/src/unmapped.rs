//! What was sent, over many records, that no rule understood.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Of what records, and how much of the answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnmappedQuery {
    /// Only in runs that this query asks for, written as `q` of `GET /v1/runs`. Without it, all records count, those of
    /// traces without runs too.
    pub q: Option<String>,
    /// Where dates and times without an offset are, as in `GET /v1/runs`.
    pub tz: Option<String>,
    /// Entries in the answer, 1 to 1,000; default 100.
    pub limit: Option<usize>,
    /// Records to look at, newest runs and traces first, 1 to 20,000; default 2,000.
    pub records: Option<usize>,
}

/// What no rule understood, what looks most like a fact first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Unmapped {
    /// What was not understood.
    pub entries: Vec<UnmappedEntry>,
    /// Entries there are, those beyond `limit` too.
    pub total: usize,
    /// Spans and log records that were looked at.
    pub records: usize,
    /// Runs whose records were looked at.
    pub runs: usize,
    /// Runs there are to look at; null when there are more than 10,000, or the query asks for attributes.
    pub runs_total: Option<u64>,
    /// Traces without runs whose records were looked at.
    pub traces: usize,
    /// Records that could not be read.
    pub unreadable: usize,
    /// All there is was looked at. Else `records` ended it: ask for more, or for less with `q`.
    pub complete: bool,
}

/// Something that no rule understood.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct UnmappedEntry {
    /// `attribute`, `span_event`, `log_event`, or `operation`: a word for the kind of work under an attribute that is
    /// known.
    pub what: String,
    /// The attribute's key, the event's name, or the word.
    pub key: String,
    /// `service.name` of the resource that sent it; empty when nothing says it.
    pub service_name: String,
    /// The instrumentation scope; empty when nothing says it.
    pub scope_name: String,
    /// In how many of the records it is.
    pub count: u64,
    /// The shapes of its values, such as `integer` or `text of 3 to 12 characters`.
    pub shapes: Vec<String>,
    /// The newest value, cut short; of an event, its attributes.
    pub example: Json,
    /// The run in which that is; null outside of runs.
    pub run_id: Option<String>,
    /// The step in which that is; `explain` tells more of it.
    pub step_id: Option<String>,
    /// What it looks like: `tokens`, `model`, `messages`, `tool`, `agent`, `cost`, `id`, `error` or `kind`; null when it looks
    /// like no fact.
    pub looks_like: Option<String>,
    /// Why nobody is likely to look for a fact in it; null when somebody may. Such entries come last.
    pub of_no_interest: Option<String>,
}
