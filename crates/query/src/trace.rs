//! Traces of any kind, those that make no run too.

use crate::TraceCursor;
use turnscope_model::TraceId;

/// One trace's summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// When its earliest record began, in nanoseconds since the epoch.
    pub start: i64,
    /// The latest time seen, in nanoseconds since the epoch.
    pub end: i64,
    /// Its spans.
    pub span_count: u64,
    /// The name of its root, or of its earliest span.
    pub name: String,
    /// The root's service.
    pub service_name: String,
    /// Whether it makes runs.
    pub has_runs: bool,
}

/// One page of traces, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracePage {
    /// The traces.
    pub traces: Vec<Trace>,
    /// Where the next page goes on, if there may be one.
    pub next: Option<TraceCursor>,
}
