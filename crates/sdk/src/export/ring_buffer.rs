//! The most recent finished spans, in memory.

use crate::{FinishedSpan, span_data::estimated_bytes};
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most bytes that are kept. A few large spans must not take the memory of hundreds.
const MAX_BYTES: usize = 16 << 20;

/// Keeps spans as they ended, and converts them to records on request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RingBuffer {
    kept: Arc<Mutex<Kept>>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Kept {
    spans: VecDeque<SpanData>,
    bytes: usize,
}

impl RingBuffer {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { kept: Arc::default(), capacity }
    }

    pub(crate) fn spans(&self) -> Vec<FinishedSpan> {
        self.lock().spans.iter().map(FinishedSpan::from).collect()
    }

    /// Moves all spans out of `batch`.
    pub(crate) fn add(&self, batch: &mut Vec<SpanData>) {
        // Skip the spans that would be evicted at once.
        let skipped = batch.len().saturating_sub(self.capacity);
        let mut kept = self.lock();
        for mut span in batch.drain(..).skip(skipped) {
            span.attributes.shrink_to_fit(); // recording reserved room for more
            kept.bytes += estimated_bytes(&span);
            kept.spans.push_back(span);
        }
        while (kept.spans.len() > self.capacity || kept.bytes > MAX_BYTES)
            && let Some(oldest) = kept.spans.pop_front()
        {
            kept.bytes -= estimated_bytes(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
