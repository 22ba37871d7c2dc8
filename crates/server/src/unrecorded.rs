//! Runs that the audit trail lacks, because they could not be recorded.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};
use turnscope_model::RunId;

/// Runs that could not be recorded and are tried again.
#[derive(Debug, Default)]
pub(crate) struct Unrecorded(Mutex<HashSet<RunId>>);

impl Unrecorded {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Some runs were tried, and those of them failed.
    pub(crate) fn update(&self, tried: &[RunId], failed: &[RunId]) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for run in tried {
            runs.remove(run);
        }
        runs.extend(failed);
    }
}
