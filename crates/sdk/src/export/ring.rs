//! The last finished spans, in memory.

use crate::FinishedSpan;
use opentelemetry_sdk::trace::SpanData;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// The last finished spans, as they ended: records are made of them for who asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    spans: Arc<Mutex<VecDeque<SpanData>>>,
    capacity: usize,
}

impl Ring {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { spans: Arc::default(), capacity }
    }

    pub(crate) fn spans(&self) -> Vec<FinishedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).iter().map(FinishedSpan::from).collect()
    }

    /// Takes all out of `batch`.
    pub(crate) fn add(&self, batch: &mut Vec<SpanData>) {
        // What would fall out at once is not put in first.
        let skipped = batch.len().saturating_sub(self.capacity);
        let last = batch.drain(..).skip(skipped);
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let over = (spans.len() + last.len()).saturating_sub(self.capacity);
        spans.drain(..over);
        spans.extend(last.map(|mut span| {
            span.attributes.shrink_to_fit(); // it had room for more while it was recorded
            span
        }));
    }
}
