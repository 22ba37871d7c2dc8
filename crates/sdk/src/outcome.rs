//! How a step came to its end, where nobody said so: by a panic, or because its future was dropped.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU8, Ordering},
};

/// What is known of a step's end.
#[derive(Debug, Default)]
pub(crate) struct Outcome(AtomicU8);

/// The step has been recorded as failed.
pub(crate) const FAILED: u8 = 1;
/// A future that the step was the scope of was dropped before it was done, and nothing was recorded since.
pub(crate) const CANCELLED: u8 = 2;
/// A future that the step was the scope of panicked.
pub(crate) const PANICKED: u8 = 4;
/// The step has ended.
pub(crate) const ENDED: u8 = 8;

impl Outcome {
    pub(crate) fn add(&self, bit: u8) {
        self.0.fetch_or(bit, Ordering::Relaxed);
    }

    /// Forgets that a future was dropped: something was recorded afterwards, so the step went on.
    #[inline]
    pub(crate) fn goes_on(&self) {
        if self.0.load(Ordering::Relaxed) & CANCELLED != 0 {
            self.0.fetch_and(!CANCELLED, Ordering::Relaxed);
        }
    }

    pub(crate) fn bits(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

thread_local! {
    /// Whether a future is being dropped before it is done.
    static CANCELLING: Cell<bool> = const { Cell::new(false) };
}

/// Steps that end while this exists are cancelled.
pub(crate) struct Cancelling {
    before: bool,
}

impl Cancelling {
    pub(crate) fn begin() -> Self {
        Self { before: CANCELLING.replace(true) }
    }
}

impl Drop for Cancelling {
    fn drop(&mut self) {
        CANCELLING.set(self.before);
    }
}

/// The error with which a step ends whose guard is dropped now, as `error.type` and message.
#[inline]
pub(crate) fn of_dropped(bits: u8, is_unanswered: bool) -> Option<(&'static str, &'static str)> {
    if bits & FAILED != 0 {
        None
    } else if std::thread::panicking() || bits & PANICKED != 0 {
        Some(("panic", "the code panicked while this was going on"))
    } else if bits & CANCELLED != 0 || CANCELLING.get() {
        Some(("cancelled", "the future was dropped before it was done"))
    } else if is_unanswered {
        Some(("cancelled", "the call was dropped without an answer"))
    } else {
        None
    }
}
