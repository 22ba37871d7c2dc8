//! Which traces are kept, decided when they end: only those with an error.

use opentelemetry::{SpanId, TraceId, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use std::collections::{HashMap, VecDeque};

/// How many spans wait for their trace's end at most; beyond that the largest trace is kept as it stands.
const HELD: usize = 20_000;
/// How many verdicts are remembered for spans that end after their root.
const REMEMBERED: usize = 1024;

/// Keeps all traces or, where that is asked for, only those with an error.
#[derive(Debug)]
pub(crate) struct Sampling {
    only_on_error: bool,
    held: HashMap<TraceId, Vec<SpanData>>,
    count: usize,
    verdicts: VecDeque<(TraceId, bool)>,
}

impl Sampling {
    pub(crate) fn new(only_on_error: bool) -> Self {
        Self { only_on_error, held: HashMap::new(), count: 0, verdicts: VecDeque::new() }
    }

    /// The spans of this batch, and of earlier ones, that are known to be kept.
    pub(crate) fn keep(&mut self, batch: Vec<SpanData>) -> Vec<SpanData> {
        let mut kept = Vec::new();
        for span in batch {
            let trace = span.span_context.trace_id();
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
