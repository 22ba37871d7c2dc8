//! Reading blocks: decompressed ones are kept for a while, since one run's records lie together.

use crate::{pack::Place, sqlite::StoreError};
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension as _};
use std::{num::NonZeroUsize, sync::Arc};

/// Decompressed blocks kept per reader (about 128 kB each).
const CACHED: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// A cache of decompressed blocks.
pub(crate) struct Blocks {
    generation: i64,
    cache: LruCache<i64, Arc<Vec<u8>>>,
}

impl Blocks {
    pub(crate) fn new() -> Self {
        Self { generation: 0, cache: LruCache::new(CACHED) }
    }

    /// Forgets everything if blocks were rewritten or deleted since; to be asked at the start of a transaction.
    pub(crate) fn refresh(&mut self, db: &Connection) -> Result<(), StoreError> {
        let now = db
            .prepare_cached("SELECT value FROM state WHERE key = 'blocks_generation'")?
            .query_row([], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        if now != self.generation {
            self.cache.clear();
            self.generation = now;
        }
        Ok(())
    }

    /// Says to every reader that a number no longer means the block that it meant.
    pub(crate) fn changed(db: &Connection) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO state (key, value) VALUES ('blocks_generation', 1)
             ON CONFLICT (key) DO UPDATE SET value = value + 1",
        )?
        .execute([])?;
        Ok(())
    }

    /// The bytes at a place.
    pub(crate) fn read(&mut self, db: &Connection, place: Place) -> Result<Vec<u8>, StoreError> {
        let bytes = self.block(db, place.block)?;
        let start = place.off as usize;
        bytes
            .get(start..start + place.len as usize)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| StoreError::Damaged(format!("a block is too short for {place:?}")))
    }

    fn block(&mut self, db: &Connection, id: i64) -> Result<Arc<Vec<u8>>, StoreError> {
        if let Some(block) = self.cache.get(&id) {
            return Ok(Arc::clone(block));
        }
        let (size, data): (usize, Vec<u8>) = db
            .prepare_cached("SELECT size, data FROM blocks WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let raw = zstd::bulk::decompress(&data, size).map_err(StoreError::Compress)?;
        let block = Arc::new(raw);
        self.cache.put(id, Arc::clone(&block));
        Ok(block)
    }
}
