//! Takes out versions of records that others have replaced.

use super::{
    left_behind::{keep_texts, write_out_lists},
    remove_records::RecordRemoval,
};
use crate::error::Result;
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{ContentHash, RecordId, TraceGroupId};

/// Takes out these records of one trace group; gives the contents that went with them. What other records of the group need
/// stays.
pub(crate) fn remove_replaced(
    tx: &Transaction<'_>,
    group: Option<TraceGroupId>,
    replaced: &BTreeSet<RecordId>,
) -> Result<Vec<ContentHash>> {
    if let Some(group) = group {
        write_out_lists(tx, &[group], replaced)?;
        keep_texts(tx, &[group], replaced)?;
    }
    let mut removal = RecordRemoval::default();
    for record in replaced {
        removal.add(tx, *record)?;
    }
    removal.finish(tx)
}
