//! How pruning and vacuum are ended: at their next slice, or at once where SQLite is at work on something that has none.

use crate::isolate::lock;
use rusqlite::InterruptHandle;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// Shared by the writer and those who end its long work.
#[derive(Default)]
pub(crate) struct MaintenanceStop {
    is_over: AtomicBool,
    at_work: Mutex<Option<InterruptHandle>>,
}

impl MaintenanceStop {
    /// Ends what is at work, and lets nothing begin any more.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(handle) = &*lock(&self.at_work) {
            handle.interrupt();
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// While this lives, the statement at work may be interrupted.
    pub(crate) fn interruptible(&self, handle: InterruptHandle) -> Interruptible<'_> {
        *lock(&self.at_work) = Some(handle);
        Interruptible(self)
    }
}

/// See [`MaintenanceStop::interruptible`].
pub(crate) struct Interruptible<'a>(&'a MaintenanceStop);

impl Drop for Interruptible<'_> {
    fn drop(&mut self) {
        *lock(&self.0.at_work) = None;
    }
}
