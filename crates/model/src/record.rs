//! One received span or log record, decoded and normalised: what `otlp` hands to `store`.

use crate::{Body, ContentHash, Facts, RunId, SpanId, TraceId, UnixNanos};
use std::sync::Arc;

/// OpenTelemetry's status of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Not set.
    #[default]
    Unset = 0,
    /// Explicitly fine.
    Ok = 1,
    /// Failed.
    Error = 2,
}

/// The resource and scope that a record came under, encoded once and kept once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `service.name`; empty when the resource has none.
    pub service_name: String,
    /// The instrumentation scope's name; empty when it has none.
    pub scope_name: String,
    /// The hash over `bytes`.
    pub hash: ContentHash,
    /// Resource, scope and both schema urls, as a protobuf `ResourceSpans` without spans.
    pub bytes: Vec<u8>,
}

/// What part a record plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A finished span.
    Span,
    /// A span that has begun and not ended: the finished span replaces it.
    Open,
    /// A log record. Where it names a span its facts (messages, error, scores, cost) join that span's, and it is
    /// shown with it.
    Log,
    /// A log event that represents a step of its own, or part of one. Events with the same key in the same trace group
    /// are one step; a span that carries the same natural id (`tool_call_id`, `response_id`) takes their place.
    Event {
        /// What names the step within its trace group, such as `tool:toolu_01` or `llm:req_9`.
        key: String,
        /// The key of the step above it.
        parent: Option<String>,
    },
}

/// Names the trace group that a record belongs to: the records that are projected together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKey {
    /// All records of one trace: the ordinary case.
    Trace(TraceId),
    /// Records that the producer scattered, but named; see [`RunId::assembled`].
    Assembled(RunId),
    /// A record that belongs to no run and to no trace: kept, shown among logs only.
    None,
}

/// One received span or log record.
#[derive(Clone, Debug)]
pub struct Record {
    /// What part it plays.
    pub role: Role,
    /// Its trace; log records may have none.
    pub trace_id: Option<TraceId>,
    /// Its span; on a log record the span it names.
    pub span_id: Option<SpanId>,
    /// The parent, where there is one.
    pub parent_span_id: Option<SpanId>,
    /// Whether OpenTelemetry's flags say that the parent is in another process.
    pub remote_parent: bool,
    /// The trace group that it belongs to.
    pub group: GroupKey,
    /// When it began (a log record: when it happened).
    pub start: UnixNanos,
    /// When it ended, never before `start`; `None` while open.
    pub end: Option<UnixNanos>,
    /// OpenTelemetry's status.
    pub status: Status,
    /// What is known at once.
    pub facts: Facts,
    /// Everything that was sent.
    pub body: Body,
    /// The resource and scope it came under.
    pub origin: Arc<Origin>,
}
