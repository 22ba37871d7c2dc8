//! Tail sampling: decides which traces to keep when they have ended, and holds their spans in bounded memory
//! until then.
//!
//! Not here: head sampling by rate, which OpenTelemetry's sampler does (`installation`).

use crate::span_data::{estimated_bytes, is_local_root, is_run};
use opentelemetry::{TraceId, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// Number of decisions remembered for spans that end after their root.
const MAX_DECISIONS: usize = 1024;

/// Decides which traces to keep, once all of their spans in this process have ended. Runs on the background
/// thread.
///
/// A trace that another process began is always kept, because that process decides. So are traces that do not
/// fit into memory, and those that make a sampler panic.
///
/// ```
/// use opentelemetry_sdk::trace::SpanData;
/// use turnscope::{RecordingConfig, TraceSampler};
///
/// /// Keeps traces of more than one step.
/// #[derive(Debug)]
/// struct Busy;
///
/// impl TraceSampler for Busy {
///     fn keeps(&mut self, trace: &[SpanData]) -> bool {
///         trace.len() > 1
///     }
/// }
///
/// let _recording = RecordingConfig { sampler: Some(Box::new(Busy)), ..RecordingConfig::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// assert!(turnscope::finished_spans().is_empty());
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub trait TraceSampler: fmt::Debug + Send {
    /// Whether to keep the trace with these spans, given in the order in which they ended. A span that ends
    /// after its root is passed on its own if its trace was not kept.
    fn keeps(&mut self, trace: &[SpanData]) -> bool;
}

/// Keeps every trace that matters, and a share of the rest.
///
/// ```
/// use std::time::Duration;
/// use turnscope::TailRules;
/// let rules = TailRules { slower_than: Some(Duration::from_secs(30)), rate: 0.05, ..TailRules::default() };
/// assert!(rules.errors && rules.denied && rules.flagged);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TailRules {
    /// Keep traces with an error.
    pub errors: bool,
    /// Keep traces in which a policy denied a call.
    pub denied: bool,
    /// Keep traces in which a person was asked, or a policy wanted one to be.
    pub asked: bool,
    /// Keep flagged traces, see [`Step::flag`](crate::Step::flag).
    pub flagged: bool,
    /// Keep traces in which a run, or the whole, took longer than this.
    pub slower_than: Option<Duration>,
    /// The share of all other traces to keep, from 0.0 to 1.0; decided by trace id like OpenTelemetry's
    /// `TraceIdRatioBased`.
    pub rate: f64,
}

impl Default for TailRules {
    /// Keeps traces with an error, a denial, a question to a person or a flag, and no others.
    fn default() -> Self {
        Self { errors: true, denied: true, asked: true, flagged: true, slower_than: None, rate: 0.0 }
    }
}

impl TailRules {
    /// Keeps only traces with an error.
    pub fn only_errors() -> Self {
        Self { denied: false, asked: false, flagged: false, ..Self::default() }
    }
}

impl TraceSampler for TailRules {
    fn keeps(&mut self, trace: &[SpanData]) -> bool {
        trace.iter().any(|span| {
            (self.errors && matches!(span.status, Status::Error { .. }))
                || (self.denied && has(span, "kitelogik.policy.deny", |value| *value == Value::Bool(true)))
                || (self.asked && asks_a_person(span))
                || (self.flagged && has(span, FLAG, |_| true))
                || ((is_local_root(span) || is_run(span))
                    && self.slower_than.is_some_and(|limit| duration(span) > limit))
        }) || trace.first().is_some_and(|span| in_rate(span.span_context.trace_id(), self.rate))
    }
}

/// The attribute with the reason for a flag.
pub(crate) const FLAG: &str = "turnscope.flag";

fn has(span: &SpanData, key: &str, test: impl Fn(&Value) -> bool) -> bool {
    span.attributes.iter().any(|attribute| attribute.key.as_str() == key && test(&attribute.value))
}

fn asks_a_person(span: &SpanData) -> bool {
    has(span, "kitelogik.policy.requires_hitl", |value| *value == Value::Bool(true))
        || has(span, "turnscope.question", |_| true)
}

fn duration(span: &SpanData) -> Duration {
    span.end_time.duration_since(span.start_time).unwrap_or_default()
}

/// The rule of OpenTelemetry's `TraceIdRatioBased`: keep if the low 63 bits of the trace id are below `rate`
/// × 2⁶³.
fn in_rate(trace: TraceId, rate: f64) -> bool {
    if rate >= 1.0 {
        return true;
    }
    let bytes = trace.to_bytes();
    let low = bytes[8..].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    (low >> 1) < (rate.max(0.0) * (1_u64 << 63) as f64) as u64
}

/// Holds spans until their trace is decided.
#[derive(Debug)]
pub(crate) struct TailSampler {
    sampler: Box<dyn TraceSampler>,
    /// Maximum number of bytes held.
    max_bytes: usize,
    held: HashMap<TraceId, HeldTrace>,
    bytes: usize,
    decisions: HashMap<TraceId, bool>,
    /// The traces of `decisions`, oldest first.
    order: VecDeque<TraceId>,
}

#[derive(Debug, Default)]
struct HeldTrace {
    spans: Vec<SpanData>,
    bytes: usize,
}

impl TailSampler {
    pub(crate) fn new(sampler: Box<dyn TraceSampler>, max_bytes: usize) -> Self {
        let (held, decisions) = (HashMap::new(), HashMap::new());
        Self { sampler, max_bytes, held, bytes: 0, decisions, order: VecDeque::new() }
    }

    /// Adds a batch and returns the spans that are now known to be kept.
    pub(crate) fn add(&mut self, batch: Vec<SpanData>) -> Vec<SpanData> {
        let mut kept = Vec::new();
        for span in batch {
            let trace = span.span_context.trace_id();
            match self.decisions.get(&trace) {
                Some(true) => kept.push(span),
                Some(false) => {
                    if self.sampler_keeps(std::slice::from_ref(&span)) {
                        kept.push(span);
                    }
                }
                None => self.hold(trace, span, &mut kept),
            }
        }
        kept
    }

    /// Decides the traces that are still held as if they had ended, and returns the spans to keep.
    pub(crate) fn finish(&mut self) -> Vec<SpanData> {
        let held = std::mem::take(&mut self.held);
        self.bytes = 0;
        held.into_values()
            .map(|held| held.spans)
            .filter(|spans| self.sampler_keeps(spans))
            .flatten()
            .collect()
    }

    fn hold(&mut self, trace: TraceId, span: SpanData, kept: &mut Vec<SpanData>) {
        let (ends, remote, bytes) =
            (is_local_root(&span), span.parent_span_is_remote, estimated_bytes(&span));
        let held = self.held.entry(trace).or_default();
        held.spans.push(span);
        held.bytes += bytes;
        self.bytes += bytes;
        if ends {
            let spans = self.release(trace);
            let keep = remote || self.sampler_keeps(&spans);
            self.remember(trace, keep);
            if keep {
                kept.extend(spans);
            }
        }
        while self.bytes > self.max_bytes
            && let Some(largest) = self.held.iter().max_by_key(|(_, held)| held.bytes).map(|(id, _)| *id)
        {
            kept.extend(self.release(largest));
            self.remember(largest, true);
        }
    }

    fn sampler_keeps(&mut self, spans: &[SpanData]) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.sampler.keeps(spans))).unwrap_or(true)
    }

    fn release(&mut self, trace: TraceId) -> Vec<SpanData> {
        let held = self.held.remove(&trace).unwrap_or_default();
        self.bytes -= held.bytes;
        held.spans
    }

    fn remember(&mut self, trace: TraceId, keep: bool) {
        if self.decisions.insert(trace, keep).is_none() {
            self.order.push_back(trace);
        }
        if self.order.len() > MAX_DECISIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.decisions.remove(&oldest);
        }
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
