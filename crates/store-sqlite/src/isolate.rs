//! Keeps a failure where it happened: a panic becomes an error of the one thing that was worked on.

use crate::error::{Error, Result, StoreError};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Runs `work`; a panic in it becomes [`StoreError::Panicked`]. State that `work` changes must be reset by the caller when
/// this fails.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::Store(StoreError::Panicked(panic_message(&*panic)))))
}

/// What a panic left is whole: no lock here is held over work that can fail.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

impl Error {
    /// Whether trying again would fail the same way: damaged data, or a bug. The thing at fault is set aside then. What
    /// passes by itself (a full disk, a busy file) is tried again instead.
    pub(crate) fn is_permanent(&self) -> bool {
        self.is_damage() || matches!(self, Self::Store(StoreError::Panicked(_)))
    }
}
