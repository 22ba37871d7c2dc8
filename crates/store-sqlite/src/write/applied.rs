//! What a commit tells those who follow it.

use std::collections::BTreeSet;
use turnscope_model::{RecordId, TraceGroupId};
use turnscope_store::Stored;

/// Where a record was put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) record: RecordId,
    pub(crate) group: Option<TraceGroupId>,
    /// It took the place of an earlier version of its span.
    pub(crate) replaced: bool,
}

/// What one batch came to: where each record was put (`None`: it was there already), and the sums.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) placed: Vec<Option<Placed>>,
    pub(crate) stored: Stored,
}

impl Applied {
    /// The trace groups that have new records.
    pub(crate) fn groups(&self) -> BTreeSet<TraceGroupId> {
        self.placed.iter().flatten().filter_map(|placed| placed.group).collect()
    }
}

/// A trace group that a transaction changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TouchedGroup {
    pub(crate) id: TraceGroupId,
    /// It was created in that transaction.
    pub(crate) is_new: bool,
}
