//! How far the writer has come: what it shares with readers and with the rest of the program.

use crate::{commits::Commits, damage::DamageLog, gate::Gate, isolate::lock, maintenance::MaintenanceStop};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64},
};
use turnscope_store::{Change, ChangeListener, Reprojection};

/// What the writer shares with the rest of the program.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) commits: Commits,
    pub(crate) maintenance: MaintenanceStop,
    /// The views that are open.
    pub(crate) views: Gate,
    pub(crate) records: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) metrics: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    /// Contents that the search index has not reached.
    pub(crate) index_lag: AtomicU64,
    /// Costs of other prices are being brought up to date.
    pub(crate) repricing: AtomicBool,
    /// How far facts have been found again.
    pub(crate) reprojection: Mutex<Reprojection>,
    /// Why the writer has ended; `None` while it works.
    pub(crate) failed: Mutex<Option<String>>,
    /// Why the last commit failed; `None` when it did not.
    pub(crate) commit_failure: Mutex<Option<String>>,
    pub(crate) damage: DamageLog,
    listener: Mutex<Option<ChangeListener>>,
}

impl Progress {
    /// The writer has ended.
    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(reason, "the writer has ended; what was acknowledged is durable");
        *lock(&self.failed) = Some(reason);
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
