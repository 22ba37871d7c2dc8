//! The most recent finished spans, in memory.

use crate::FinishedSpan;
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Keeps spans as they ended, and converts them to records on request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RingBuffer {
    spans: Arc<Mutex<VecDeque<SpanData>>>,
    capacity: usize,
}

impl RingBuffer {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { spans: Arc::default(), capacity }
    }

    pub(crate) fn spans(&self) -> Vec<FinishedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).iter().map(FinishedSpan::from).collect()
    }

    /// Moves all spans out of `batch`.
    pub(crate) fn add(&self, batch: &mut Vec<SpanData>) {
        // Skip the spans that would be evicted at once.
        let skipped = batch.len().saturating_sub(self.capacity);
        let last = batch.drain(..).skip(skipped);
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let over = (spans.len() + last.len()).saturating_sub(self.capacity);
        spans.drain(..over);
        spans.extend(last.map(|mut span| {
            span.attributes.shrink_to_fit(); // recording reserved room for more
            span
        }));
    }
}
