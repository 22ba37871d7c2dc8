//! How far the writer has come: what it shares with readers and with the rest of the program.

use crate::damage::DamageLog;
use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use turnscope_store::{Change, ChangeListener};

/// What the writer shares with the rest of the program.
#[derive(Default)]
pub(crate) struct Progress {
    /// Commits done, and the last commit whose runs are written.
    pub(crate) committed: AtomicU64,
    projected: Mutex<u64>,
    caught_up: Condvar,
    pub(crate) records: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) metrics: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    /// Contents that the search index has not reached.
    pub(crate) index_lag: AtomicU64,
    /// Costs of other prices are being brought up to date.
    pub(crate) repricing: AtomicBool,
    /// Why the writer has ended; `None` while it works.
    pub(crate) failed: Mutex<Option<String>>,
    /// Why the last commit failed; `None` when it did not.
    pub(crate) commit_failure: Mutex<Option<String>>,
    pub(crate) damage: DamageLog,
    listener: Mutex<Option<ChangeListener>>,
}

/// What a panic left is whole: no lock here is held over work that can fail.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress {
    /// Waits until the runs of everything committed so far are written; `false` when the time ran out.
    pub(crate) fn catch_up(&self, timeout: Duration) -> bool {
        let target = self.committed.load(Ordering::Acquire);
        let guard = lock(&self.projected);
        let (guard, _) = self
            .caught_up
            .wait_timeout_while(guard, timeout, |projected| *projected < target)
            .unwrap_or_else(PoisonError::into_inner);
        *guard >= target
    }

    pub(crate) fn set_projected(&self, value: u64) {
        *lock(&self.projected) = value;
        self.caught_up.notify_all();
    }

    /// The writer has ended: nobody waits for it any more.
    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(reason, "the writer has ended; what was acknowledged is durable");
        *lock(&self.failed) = Some(reason);
        self.set_projected(u64::MAX);
    }

    pub(crate) fn watch(&self, listener: ChangeListener) {
        *lock(&self.listener) = Some(listener);
    }

    pub(crate) fn tell(&self, changes: Vec<Change>) {
        if !changes.is_empty()
            && let Some(listener) = &*lock(&self.listener)
        {
            listener(changes);
        }
    }
}
