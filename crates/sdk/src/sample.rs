//! Which traces are kept, decided when they have ended: until then their spans are held back, in bounded room.
//!
//! Not here: a rate alone, which OpenTelemetry's sampler decides when a trace begins (`standing`).

use crate::pipeline::{is_local_root, is_run};
use opentelemetry::{Array, KeyValue, TraceId, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// How many verdicts are remembered for spans that end after their root.
const REMEMBERED: usize = 1024;

/// Decides which traces are kept, once all that is known of them in this process is there. Runs on the SDK's thread.
///
/// A trace that another process began is kept without asking, as that process keeps it; so is one for whose spans there is
/// no more room, or that makes a sampler panic.
///
/// ```
/// use opentelemetry_sdk::trace::SpanData;
/// use turnscope::{Config, Sampler};
///
/// /// Only what took more than one step.
/// #[derive(Debug)]
/// struct Busy;
///
/// impl Sampler for Busy {
///     fn keeps(&mut self, trace: &[SpanData]) -> bool {
///         trace.len() > 1
///     }
/// }
///
/// Config { sampler: Some(Box::new(Busy)), ..Config::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// assert!(turnscope::finished_spans().is_empty());
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub trait Sampler: fmt::Debug + Send {
    /// Whether the trace with these spans, in the order in which they ended, is kept. A span that ends after its root is
    /// asked for alone where its trace was not kept.
    fn keeps(&mut self, trace: &[SpanData]) -> bool;
}

/// Keeps every trace that matters, and a rate of the rest.
///
/// ```
/// use std::time::Duration;
/// use turnscope::TailRules;
/// let rules = TailRules { slower_than: Some(Duration::from_secs(30)), rate: 0.05, ..TailRules::default() };
/// assert!(rules.errors && rules.denied && rules.flagged);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TailRules {
    /// Keeps a trace with an error.
    pub errors: bool,
    /// Keeps a trace in which a policy denied a call.
    pub denied: bool,
    /// Keeps a trace that was flagged, see [`Step::flag`](crate::Step::flag).
    pub flagged: bool,
    /// Keeps a trace of which a run, or the whole, took longer.
    pub slower_than: Option<Duration>,
    /// The share that is kept of all others, from 0.0 to 1.0: OpenTelemetry's function of the trace id.
    pub rate: f64,
}

impl Default for TailRules {
    /// All traces with an error, a denial or a flag, and none of the rest.
    fn default() -> Self {
        Self { errors: true, denied: true, flagged: true, slower_than: None, rate: 0.0 }
    }
}

impl TailRules {
    /// Only traces with an error.
    pub fn only_errors() -> Self {
        Self { denied: false, flagged: false, ..Self::default() }
    }
}

impl Sampler for TailRules {
    fn keeps(&mut self, trace: &[SpanData]) -> bool {
        trace.iter().any(|span| {
            (self.errors && matches!(span.status, Status::Error { .. }))
                || (self.denied && has(span, "kitelogik.policy.deny", |value| *value == Value::Bool(true)))
                || (self.flagged && has(span, FLAG, |_| true))
                || ((is_local_root(span) || is_run(span))
                    && self.slower_than.is_some_and(|limit| duration(span) > limit))
        }) || trace.first().is_some_and(|span| in_rate(span.span_context.trace_id(), self.rate))
    }
}

/// The attribute of a flagged step: why.
pub(crate) const FLAG: &str = "turnscope.flag";

fn has(span: &SpanData, key: &str, test: impl Fn(&Value) -> bool) -> bool {
    span.attributes.iter().any(|attribute| attribute.key.as_str() == key && test(&attribute.value))
}

fn duration(span: &SpanData) -> Duration {
    span.end_time.duration_since(span.start_time).unwrap_or_default()
}

/// The rule of OpenTelemetry's `TraceIdRatioBased`: the low 63 bits of the trace id below the rate's share.
fn in_rate(trace: TraceId, rate: f64) -> bool {
    if rate >= 1.0 {
        return true;
    }
    let bytes = trace.to_bytes();
    let low = bytes[8..].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    (low >> 1) < (rate.max(0.0) * (1_u64 << 63) as f64) as u64
}

/// Holds spans back until their trace is decided.
#[derive(Debug)]
pub(crate) struct Tail {
    sampler: Box<dyn Sampler>,
    /// Bytes that may be held at once.
    room: usize,
    held: HashMap<TraceId, Held>,
    bytes: usize,
    verdicts: HashMap<TraceId, bool>,
    /// The traces of the verdicts, the oldest first.
    order: VecDeque<TraceId>,
}

#[derive(Debug, Default)]
struct Held {
    spans: Vec<SpanData>,
    bytes: usize,
}

impl Tail {
    pub(crate) fn new(sampler: Box<dyn Sampler>, room: usize) -> Self {
        let (held, verdicts) = (HashMap::new(), HashMap::new());
        Self { sampler, room, held, bytes: 0, verdicts, order: VecDeque::new() }
    }

    /// The spans of this batch, and of earlier ones, that are known to be kept.
    pub(crate) fn keep(&mut self, batch: Vec<SpanData>) -> Vec<SpanData> {
        let mut kept = Vec::new();
        for span in batch {
            let trace = span.span_context.trace_id();
            match self.verdicts.get(&trace) {
                Some(true) => kept.push(span),
                Some(false) => {
                    if self.asks(std::slice::from_ref(&span)) {
                        kept.push(span);
                    }
                }
                None => self.hold(trace, span, &mut kept),
            }
        }
        kept
    }

    /// What is still held, decided as if it had ended.
    pub(crate) fn rest(&mut self) -> Vec<SpanData> {
        let held = std::mem::take(&mut self.held);
        self.bytes = 0;
        held.into_values().map(|held| held.spans).filter(|spans| self.asks(spans)).flatten().collect()
    }

    fn hold(&mut self, trace: TraceId, span: SpanData, kept: &mut Vec<SpanData>) {
        let (ends, remote, bytes) = (is_local_root(&span), span.parent_span_is_remote, weight(&span));
        let held = self.held.entry(trace).or_default();
        held.spans.push(span);
        held.bytes += bytes;
        self.bytes += bytes;
        if ends {
            let spans = self.release(trace);
            let keep = remote || self.asks(&spans);
            self.remember(trace, keep);
            if keep {
                kept.extend(spans);
            }
        }
        while self.bytes > self.room
            && let Some(largest) = self.held.iter().max_by_key(|(_, held)| held.bytes).map(|(id, _)| *id)
        {
            kept.extend(self.release(largest));
            self.remember(largest, true);
        }
    }

    fn asks(&mut self, spans: &[SpanData]) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.sampler.keeps(spans))).unwrap_or(true)
    }

    fn release(&mut self, trace: TraceId) -> Vec<SpanData> {
        let held = self.held.remove(&trace).unwrap_or_default();
        self.bytes -= held.bytes;
        held.spans
    }

    fn remember(&mut self, trace: TraceId, keep: bool) {
        if self.verdicts.insert(trace, keep).is_none() {
            self.order.push_back(trace);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.verdicts.remove(&oldest);
        }
    }
}

/// About how many bytes a span takes.
pub(crate) fn weight(span: &SpanData) -> usize {
    let attributes = |attributes: &[KeyValue]| -> usize {
        attributes.iter().map(|attribute| size_of::<KeyValue>() + text_bytes(&attribute.value)).sum()
    };
    let events: usize = span.events.iter().map(|event| 64 + attributes(&event.attributes)).sum();
    let links: usize = span.links.iter().map(|link| 64 + attributes(&link.attributes)).sum();
    size_of::<SpanData>() + span.name.len() + attributes(&span.attributes) + events + links
}

fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| 24 + text.as_str().len()).sum(),
        Value::Array(Array::I64(numbers)) => 8 * numbers.len(),
        Value::Array(Array::F64(numbers)) => 8 * numbers.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_a_function_of_the_trace_id() {
        let id = |low: u64| TraceId::from(u128::from(low));
        assert!(in_rate(id(0), 0.5) && in_rate(id(u64::MAX), 1.0) && !in_rate(id(0), 0.0));
        assert!(in_rate(id(u64::MAX / 4), 0.5) && !in_rate(id(u64::MAX / 4 * 3), 0.5));
    }
}
