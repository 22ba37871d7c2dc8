//! The last finished spans, in memory.

use crate::FinishedSpan;
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// The last finished spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    spans: Arc<Mutex<VecDeque<FinishedSpan>>>,
    capacity: usize,
}

impl Ring {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { spans: Arc::default(), capacity }
    }

    pub(crate) fn spans(&self) -> Vec<FinishedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn add(&self, batch: &[SpanData]) {
        // What would fall out at once is not made into a record first.
        let last = &batch[batch.len().saturating_sub(self.capacity)..];
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(last.iter().map(FinishedSpan::from));
        let over = spans.len().saturating_sub(self.capacity);
        spans.drain(..over);
    }
}
