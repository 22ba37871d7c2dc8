//! Which traces are kept: a rate that every process computes alike from the trace id, and only those with an error.

use opentelemetry::{SpanId, TraceId, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use std::collections::{HashMap, VecDeque};

/// How many spans wait for their trace's end at most; beyond that the largest trace is kept as it stands.
const HELD: usize = 20_000;
/// How many verdicts are remembered for spans that end after their root.
const REMEMBERED: usize = 1024;

/// Keeps a rate of all traces and, where that is asked for, of those only the ones with an error.
#[derive(Debug)]
pub(crate) struct Sampling {
    rate: f64,
    only_on_error: bool,
    held: HashMap<TraceId, Vec<SpanData>>,
    count: usize,
    verdicts: VecDeque<(TraceId, bool)>,
}

impl Sampling {
    pub(crate) fn new(rate: f64, only_on_error: bool) -> Self {
        Self { rate, only_on_error, held: HashMap::new(), count: 0, verdicts: VecDeque::new() }
    }

    /// The spans of this batch, and of earlier ones, that are known to be kept.
    pub(crate) fn keep(&mut self, batch: Vec<SpanData>) -> Vec<SpanData> {
        let mut kept = Vec::new();
        for span in batch {
            let trace = span.span_context.trace_id();
            if !in_rate(trace, self.rate) {
                continue;
            }
            if !self.only_on_error {
                kept.push(span);
            } else if let Some((_, keep)) = self.verdicts.iter().rev().find(|(known, _)| *known == trace) {
                if *keep || is_error(&span) {
                    kept.push(span);
                }
            } else {
                self.hold(trace, span, &mut kept);
            }
        }
        kept
    }

    fn hold(&mut self, trace: TraceId, span: SpanData, kept: &mut Vec<SpanData>) {
        let ends = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        self.held.entry(trace).or_default().push(span);
        self.count += 1;
        if ends {
            let spans = self.release(trace);
            let keep = spans.iter().any(is_error);
            self.remember(trace, keep);
            if keep {
                kept.extend(spans);
            }
        } else if self.count > HELD
            && let Some(largest) = self.held.iter().max_by_key(|(_, spans)| spans.len()).map(|(id, _)| *id)
        {
            kept.extend(self.release(largest));
            self.remember(largest, true);
        }
    }

    fn release(&mut self, trace: TraceId) -> Vec<SpanData> {
        let spans = self.held.remove(&trace).unwrap_or_default();
        self.count -= spans.len();
        spans
    }

    fn remember(&mut self, trace: TraceId, keep: bool) {
        self.verdicts.push_back((trace, keep));
        if self.verdicts.len() > REMEMBERED {
            self.verdicts.pop_front();
        }
    }
}

fn is_error(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
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
