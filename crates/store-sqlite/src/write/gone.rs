//! What a deletion took, for those who remember it; and numbers that are not given out again.

use crate::error::Result;
use rusqlite::Connection;
use turnscope_model::{ContentHash, TraceGroupId};
use turnscope_store::Change;

/// What is no more.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// Trace groups of which nothing is left.
    pub(crate) groups: Vec<TraceGroupId>,
    /// The keys of those whose rows went too.
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) contents: Vec<ContentHash>,
    pub(crate) changes: Vec<Change>,
    pub(crate) records: u64,
}

/// The last numbers given out. Indexes by hash may still lead to rows that were deleted, so that a number must not come to
/// mean another row, also after a restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(super) record: i64,
    pub(super) trace_group: i64,
}

impl Numbers {
    /// Where the last number of a kind is kept.
    pub(crate) const RECORD: &'static str = "records_to";
    pub(crate) const TRACE_GROUP: &'static str = "trace_groups_to";

    /// Keeps them with the deletion.
    pub(crate) fn keep(self, tx: &Connection) -> Result<()> {
        let mut keep = tx.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES (?1, ?2)")?;
        keep.execute((Self::RECORD, self.record))?;
        keep.execute((Self::TRACE_GROUP, self.trace_group))?;
        Ok(())
    }
}
