//! Traces of any kind.

use crate::{run::Run, step::Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which traces.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TracesQuery {
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One trace's summary.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Trace {
    pub trace_id: String,
    pub name: String,
    pub service_name: String,
    pub started_at: i64,
    pub ended_at: i64,
    pub duration_ms: f64,
    pub span_count: u64,
    /// Whether it makes runs.
    pub has_runs: bool,
}

/// Traces, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Traces {
    pub traces: Vec<Trace>,
    pub next_cursor: Option<String>,
}

/// A trace whole: the runs it makes, and every span once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct TraceDetail {
    pub trace_id: String,
    pub runs: Vec<Run>,
    pub steps: Vec<Step>,
}
