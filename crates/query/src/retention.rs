//! How much is kept.

use std::time::Duration;

/// What a store keeps; the rest is deleted, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was received longer ago than this is deleted.
    pub max_age: Option<Duration>,
    /// The oldest is deleted until the rest fits into this many bytes.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Whether everything is kept.
    pub fn keeps_everything(self) -> bool {
        self == Self::default()
    }

    /// What was received before this time is deleted, in nanoseconds since the epoch; `None` when age does not matter.
    pub fn cutoff(self, now_ms: i64) -> Option<i64> {
        let age = i64::try_from(self.max_age?.as_nanos()).unwrap_or(i64::MAX);
        Some(now_ms.saturating_mul(1_000_000).saturating_sub(age))
    }
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Traces and assembled runs.
    pub groups: u64,
    /// Spans and log records.
    pub records: u64,
    /// Metrics.
    pub metrics: u64,
}

impl std::ops::AddAssign for Pruned {
    fn add_assign(&mut self, more: Self) {
        self.groups += more.groups;
        self.records += more.records;
        self.metrics += more.metrics;
    }
}
