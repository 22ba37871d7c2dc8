//! Takes out versions of records that others have replaced.

use super::{
    left_behind::{Search, keep_texts, write_out_lists},
    remove_records::RecordRemoval,
};
use crate::error::Result;
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{ContentHash, RecordId, TraceGroupId};

/// A group of any size is replaced bit by bit, and must not be read whole for each of them.
const LOOKED_THROUGH: Search = Search::Newest(2_000);

/// Takes out these records of one trace group; gives the contents that went with them. What other records of the group need
/// stays.
pub(crate) fn remove_replaced(
    tx: &Transaction<'_>,
    group: Option<TraceGroupId>,
    replaced: &BTreeSet<RecordId>,
) -> Result<Vec<ContentHash>> {
    if let Some(group) = group {
        write_out_lists(tx, &[group], replaced)?;
        keep_texts(tx, &[group], replaced, LOOKED_THROUGH)?;
    }
    let mut removal = RecordRemoval::default();
    for record in replaced {
        removal.add(tx, *record)?;
    }
    removal.finish(tx)
}
