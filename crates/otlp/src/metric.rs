//! A metric as it is stored, and what it says of runs.

use std::sync::Arc;
use turnscope_model::{ContentHash, Origin, SpanId, TraceId, UnixNanos};

/// One metric of one request, as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRecord {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// The resource and scope it came under.
    pub origin: Arc<Origin>,
    /// The earliest time of its points (their start where they have one).
    pub start: UnixNanos,
    /// The latest time of its points.
    pub end: UnixNanos,
    /// How many points it has.
    pub points: u64,
    /// The hash over `bytes`: a metric sent twice has it twice.
    pub hash: ContentHash,
    /// The protobuf `Metric`.
    pub bytes: Vec<u8>,
    /// What its points say of runs.
    pub facts: Vec<MetricFact>,
}

/// A data point that says which session, user or trace it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricFact {
    /// The traces and spans that it names, in its attributes or by its exemplars.
    pub traces: Vec<(TraceId, Option<SpanId>)>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The agent.
    pub agent_name: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Which tokens are counted, where it counts tokens: `input`, `output`, `cacheRead`, … as sent.
    pub token_type: Option<String>,
    /// The number, or the sum of a histogram.
    pub value: f64,
    /// How many measurements a histogram holds; 1 for a number.
    pub count: u64,
    /// Whether the value counts from `start` to `time` only, and not from the beginning.
    pub is_delta: bool,
    /// Where its interval begins; 0 when it does not say.
    pub start: UnixNanos,
    /// Its time.
    pub time: UnixNanos,
}
