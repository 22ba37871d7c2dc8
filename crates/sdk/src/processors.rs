//! What happens to finished spans before export: redaction, truncation, sampling. With a content store, large
//! values are uploaded after sampling, and truncation follows that.

use crate::{Redaction, sample::TailSampler, truncate::ValueLimits};
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use std::{fmt, sync::Arc, time::Duration};

/// Moves large values out of spans.
pub(crate) trait LargeContents: fmt::Debug + Send + Sync {
    /// Removes large texts from this span and returns the links that replace them.
    fn move_out(&self, span: &mut SpanData) -> Vec<KeyValue>;
    /// Waits until all linked values are stored; false on timeout.
    fn flush(&self, timeout: Duration) -> bool;
    /// Like `flush`, and then ends.
    fn close(&self, timeout: Duration) -> bool;
}

/// All processing steps, in order.
#[derive(Debug)]
pub(crate) struct Processors {
    pub(crate) redaction: Redaction,
    pub(crate) limits: ValueLimits,
    pub(crate) tail_sampler: Option<TailSampler>,
    pub(crate) large: Option<Arc<dyn LargeContents>>,
}

impl Processors {
    /// Replaces a batch with the spans that are ready for export, from this batch and earlier ones.
    pub(crate) fn process(&mut self, spans: &mut Vec<SpanData>) {
        for span in &mut *spans {
            self.redaction.span(span);
            if self.large.is_none() {
                self.limits.truncate(span);
            }
        }
        if let Some(tail_sampler) = &mut self.tail_sampler {
            *spans = tail_sampler.add(std::mem::take(spans));
        }
        self.move_large(spans);
    }

    /// Returns the spans that are still held back, at the end.
    pub(crate) fn finish(&mut self) -> Vec<SpanData> {
        let mut rest = self.tail_sampler.as_mut().map(TailSampler::finish).unwrap_or_default();
        self.move_large(&mut rest);
        rest
    }

    /// Runs after sampling, so that nothing is stored for dropped spans.
    fn move_large(&self, spans: &mut [SpanData]) {
        if let Some(large) = &self.large {
            for span in spans {
                let links = large.move_out(span);
                self.limits.truncate(span);
                span.attributes.extend(links); // after truncation: a truncated link would be useless
            }
        }
    }
}
