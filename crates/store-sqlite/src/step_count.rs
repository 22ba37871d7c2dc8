//! For tests of how work grows: the steps that SQLite takes.

use rusqlite::Connection;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many steps were taken since it was made.
pub(crate) struct StepCount(Arc<AtomicU64>);

impl StepCount {
    pub(crate) fn of(db: &mut Connection) -> Self {
        let steps = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&steps);
        let count_step = move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        };
        db.progress_handler(1, Some(count_step)).unwrap();
        Self(steps)
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
