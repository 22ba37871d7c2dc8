//! Traces of any kind.

use crate::{run::Run, step::Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which traces.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TracesQuery {
    /// Traces on the page, 1 to 1000; default 50.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One trace's summary.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Trace {
    /// The trace's id, 32 hex digits.
    pub trace_id: String,
    /// The name of its root, or of its earliest span.
    pub name: String,
    /// The root's service; may be empty.
    pub service_name: String,
    /// When its earliest record began, milliseconds since the epoch.
    pub started_at: i64,
    /// The latest time seen in it, milliseconds since the epoch.
    pub ended_at: i64,
    /// From the one to the other, milliseconds with fractions.
    pub duration_ms: f64,
    /// Spans that have arrived.
    pub span_count: u64,
    /// Whether it makes runs.
    pub has_runs: bool,
}

/// Traces, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Traces {
    /// The traces of the page.
    pub traces: Vec<Trace>,
    /// Pass it as `cursor` for the next page; null when there are no more.
    pub next_cursor: Option<String>,
}

/// A trace whole: the runs it makes, and every span once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct TraceDetail {
    /// The trace that was asked for.
    pub trace_id: String,
    /// The runs that steps of the trace belong to.
    pub runs: Vec<Run>,
    /// Its spans as steps, in order.
    pub steps: Vec<Step>,
}
