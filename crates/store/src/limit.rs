//! How long a question may be worked on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Ends the work on a question: at a deadline, or when nobody waits for the answer any more.
#[derive(Clone, Debug)]
pub struct ReadLimit {
    deadline: Option<Instant>,
    cancelled: Arc<AtomicBool>,
}

impl ReadLimit {
    /// No limit, for tests and for commands that a person can interrupt.
    pub fn none() -> Self {
        Self { deadline: None, cancelled: Arc::default() }
    }

    /// A limit that ends this long from now.
    pub fn within(time: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(time), cancelled: Arc::default() }
    }

    /// Says that nobody waits any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work should end.
    pub fn is_over(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
