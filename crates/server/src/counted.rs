//! Figures of the store that take long to count, remembered for a while.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use turnscope_query::StoreSize;

/// Counting takes a look at every row: what was counted is good for this long.
const FRESH: Duration = Duration::from_secs(60);

/// Records up to which counting takes no time worth saving.
const SMALL: u64 = 100_000;

/// Figures of the store that were counted lately.
#[derive(Default)]
pub(crate) struct Counted(Mutex<Option<(Instant, StoreSize)>>);

impl Counted {
    /// What was counted lately. A small store is counted each time, so that the first runs show as they come.
    pub(crate) fn known(&self) -> Option<StoreSize> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known
            .filter(|(at, figures)| figures.records > SMALL && at.elapsed() < FRESH)
            .map(|(_, figures)| figures)
    }

    /// Remembers what was counted.
    pub(crate) fn keep(&self, figures: &StoreSize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), figures.clone()));
    }
}
