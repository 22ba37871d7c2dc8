//! The input and output of a dialect's tables.

use super::trace::Trace;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue},
    trace::v1::span::{Event, Link},
};
use turnscope_model::{Facts, GroupKey, Role, SpanId, Status, TraceId, UnixNanos};

/// Which signal a record came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A span.
    Span,
    /// A log record.
    Log,
}

/// One span or log record as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Span or log record.
    pub signal: Signal,
    /// The span's name; on a log record its event name (attribute `event.name`, else field `event_name`), or empty.
    pub name: &'a str,
    /// OTLP's span kind (0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer).
    pub span_kind: i32,
    /// Its own attributes.
    pub attributes: &'a [KeyValue],
    /// A span's events.
    pub events: &'a [Event],
    /// A span's links.
    pub links: &'a [Link],
    /// A log record's body.
    pub body: Option<&'a AnyValue>,
    /// OpenTelemetry's status.
    pub status: Status,
    /// The status' description.
    pub status_message: &'a str,
    /// The resource's attributes.
    pub resource: &'a [KeyValue],
    /// `service.name`, or empty.
    pub service_name: &'a str,
    /// The instrumentation scope's name, or empty.
    pub scope_name: &'a str,
    /// Its trace.
    pub trace_id: Option<TraceId>,
    /// Its span; on a log record the span it names.
    pub span_id: Option<SpanId>,
    /// The parent.
    pub parent_span_id: Option<SpanId>,
    /// When it began, as sent.
    pub start: UnixNanos,
    /// When it ended, as sent; 0 when it did not say.
    pub end: UnixNanos,
    /// Notes where the facts come from. Nobody asks while receiving.
    pub trace: Option<&'a Trace>,
}

/// What was found in one record.
#[derive(Clone, Debug)]
pub struct Found {
    /// The facts, message content aside.
    pub facts: Facts,
    /// The part it plays.
    pub role: Role,
    /// What it must be seen together with.
    pub group: GroupKey,
    /// The span it stands for where that is not its own (a `pending_span` names the real one's parent, an event
    /// `turnscope.step.started` names the span that has begun).
    pub span_id: Option<SpanId>,
    /// The parent, corrected in the same way.
    pub parent_span_id: Option<SpanId>,
    /// When it began, corrected where the dialect keeps the real time in an attribute.
    pub start: UnixNanos,
    /// When it ended; `None` while open.
    pub end: Option<UnixNanos>,
}

impl Found {
    /// The facts of any record, whichever dialect wrote it.
    pub fn plain(view: &View<'_>) -> Self {
        Self {
            facts: Facts { name: view.name.to_owned(), ..Facts::default() },
            role: match view.signal {
                Signal::Span => Role::Span,
                Signal::Log => Role::Log,
            },
            group: view.trace_id.map_or(GroupKey::None, GroupKey::Trace),
            span_id: view.span_id,
            parent_span_id: view.parent_span_id,
            start: view.start,
            end: Some(view.end.max(view.start)),
        }
    }
}
