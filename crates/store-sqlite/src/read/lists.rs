//! Reads message lists, each of which is coded against an earlier one.

use crate::{
    encode::context_list,
    error::{Error, Result},
};
use lru::LruCache;
use rusqlite::Connection;
use std::num::NonZeroUsize;
use turnscope_model::{ContentId, RecordId};

/// Lists kept decoded: a run of thousands of turns has thousands of long ones.
const LISTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Base lists below a list at most: a run of a million turns.
const LONGEST_CHAIN: usize = 1 << 20;

/// Reads coded lists; what was decoded lately is kept, since each list's base is usually the list before.
pub(crate) struct Lists {
    decoded: LruCache<(RecordId, u32), Vec<ContentId>>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { decoded: LruCache::new(LISTS) }
    }
}

impl Lists {
    /// Forgets everything: a new transaction may see other lists under the same numbers.
    pub(crate) fn clear(&mut self) {
        self.decoded.clear();
    }

    /// The content ids in one slot of one record.
    pub(crate) fn read(&mut self, db: &Connection, record: RecordId, slot: u32) -> Result<Vec<ContentId>> {
        // Bases first, without recursion: a run of thousands of turns is a chain of thousands.
        let mut chain = Vec::new();
        let mut list = Vec::new();
        let mut next = Some((record, slot));
        while let Some(at) = next {
            if let Some(known) = self.decoded.get(&at) {
                list.clone_from(known);
                break;
            }
            let (base_record, base_slot, ops): (Option<i64>, Option<u32>, Vec<u8>) = db
                .prepare_cached(
                    "SELECT base_record, base_slot, ops FROM contexts WHERE record = ?1 AND slot = ?2",
                )?
                .query_row((at.0.0, at.1), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            next = base_record.map(RecordId).zip(base_slot);
            chain.push((at, ops));
            if chain.len() > LONGEST_CHAIN {
                return Err(Error::damaged(format!("the lists below record {record} go round in a circle")));
            }
        }
        for (at, ops) in chain.into_iter().rev() {
            list = context_list::decode(&ops, &list)
                .ok_or_else(|| Error::damaged(format!("list {} of record {}", at.1, at.0)))?;
            self.decoded.put(at, list.clone());
        }
        Ok(list)
    }
}
