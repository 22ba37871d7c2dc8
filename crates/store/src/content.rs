//! Reads bodies and lists back, exactly as they were sent.

use crate::{blocks::Blocks, body, contexts, pack::Place, sqlite::StoreError};
use lru::LruCache;
use rusqlite::Connection;
use std::num::NonZeroUsize;
use turnscope_model::{Body, ContentHash};

/// The body of one record, put together again.
pub(crate) fn body(
    db: &Connection,
    blocks: &mut Blocks,
    lists: &mut Lists,
    record: i64,
) -> Result<Body, StoreError> {
    let place = db
        .prepare_cached("SELECT block, off, len FROM records WHERE id = ?1")?
        .query_row([record], |row| Place::from_row(row, 0))?;
    let bytes = blocks.read(db, place)?;
    let (holes, bytes) =
        body::read(&bytes).ok_or_else(|| StoreError::Damaged(format!("the body of record {record}")))?;
    let mut values = Vec::with_capacity(holes.len());
    for (hole, frame) in holes.iter().enumerate() {
        let ids = match &frame.inline {
            Some(ids) => ids.clone(),
            None => lists.read(db, record, hole as u32)?,
        };
        let items = ids.iter().map(|id| content(db, blocks, *id)).collect::<Result<Vec<_>, _>>()?;
        values.push(frame.fill(items.iter().map(|(hash, bytes)| (*hash, &bytes[..]))));
    }
    Ok(Body { bytes, values })
}

/// The contents that a record's body keeps by itself.
pub(crate) fn inline(
    db: &Connection,
    blocks: &mut Blocks,
    record: i64,
    place: Place,
) -> Result<Vec<i64>, StoreError> {
    let bytes = blocks.read(db, place)?;
    let (holes, _) =
        body::read(&bytes).ok_or_else(|| StoreError::Damaged(format!("the body of record {record}")))?;
    Ok(holes.into_iter().filter_map(|hole| hole.inline).flatten().collect())
}

/// One content and its hash.
pub(crate) fn content(
    db: &Connection,
    blocks: &mut Blocks,
    id: i64,
) -> Result<(ContentHash, Vec<u8>), StoreError> {
    let (hash1, hash2, place): (i64, i64, Place) = db
        .prepare_cached("SELECT hash1, hash2, block, off, len FROM contents WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, Place::from_row(row, 2)?)))?;
    let mut hash = hash1.to_be_bytes().to_vec();
    hash.extend_from_slice(&hash2.to_be_bytes());
    let hash = ContentHash::from_bytes(&hash).ok_or_else(|| StoreError::Damaged(format!("content {id}")))?;
    Ok((hash, blocks.read(db, place)?))
}

/// Lists kept decoded: a run of thousands of turns has thousands of long ones.
const LISTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Reads coded lists; what was decoded lately is kept, since each list's base is usually the list before.
pub(crate) struct Lists {
    decoded: LruCache<(i64, u32), Vec<i64>>,
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

    /// The content ids in one hole of one record.
    pub(crate) fn read(&mut self, db: &Connection, record: i64, hole: u32) -> Result<Vec<i64>, StoreError> {
        // Bases first, without recursion: a run of thousands of turns is a chain of thousands.
        let mut chain = Vec::new();
        let mut list = Vec::new();
        let mut next = Some((record, hole));
        while let Some(at) = next {
            if let Some(known) = self.decoded.get(&at) {
                list.clone_from(known);
                break;
            }
            let (base_record, base_hole, ops): (Option<i64>, Option<u32>, Vec<u8>) = db
                .prepare_cached(
                    "SELECT base_record, base_hole, ops FROM contexts WHERE record = ?1 AND hole = ?2",
                )?
                .query_row(at, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            next = base_record.zip(base_hole);
            chain.push((at, ops));
        }
        for (at, ops) in chain.into_iter().rev() {
            list = contexts::decode(&ops, &list)
                .ok_or_else(|| StoreError::Damaged(format!("the list {at:?}")))?;
            self.decoded.put(at, list.clone());
        }
        Ok(list)
    }
}
