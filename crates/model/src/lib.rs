//! The vocabulary of Turnscope as types: ids, kinds, usage, verdicts, messages, and the record
//! that the receiving path hands from `otlp` to `store`.
//!
//! Here: plain data, its parsing and printing. Not here: I/O, clocks, SQL, protobuf, dialects.
//! Every other crate may depend on this one; this one depends on none of ours.

mod content;
mod costs;
mod facts;
mod id;
mod kind;
mod message;
mod record;
mod run;
mod usage;
mod verdict;

pub use content::{Body, ContentHash, Form, Item, Purpose, Value};
pub use costs::Costs;
pub use facts::{Approval, ErrorFact, Facts, LinkFact, RequestedTool, ScoreFact, ScoreSource};
pub use id::{ContentId, IdError, MetricId, RecordId, RunId, SpanId, StepId, TraceGroupId, TraceId};
pub use kind::Kind;
pub use message::{Injected, Message, Part, ToolDefinition};
pub use record::{GroupKey, Origin, Record, Role, Status};
pub use run::{RunStatus, Score, StepStatus};
pub use usage::{MAX_COUNT, NanoUsd, Usage};
pub use verdict::{Resolution, RiskTier, Verdict};

/// Nanoseconds since the Unix epoch, as OpenTelemetry counts them.
pub type UnixNanos = u64;
