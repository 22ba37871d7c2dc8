//! Reading blocks: decompressed ones are kept for a while, since one run's records lie together.

use super::{BlockId, Location, checksum::decompress};
use crate::error::{Error, Result};
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension as _};
use std::{num::NonZeroUsize, sync::Arc};

/// Decompressed blocks kept per reader (about 128 kB each).
const CACHED: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// A cache of decompressed blocks.
pub(crate) struct Blocks {
    generation: i64,
    cache: LruCache<BlockId, Arc<Vec<u8>>>,
}

impl Blocks {
    pub(crate) fn new() -> Self {
        Self { generation: 0, cache: LruCache::new(CACHED) }
    }

    /// Forgets everything if blocks were rewritten or deleted since; to be asked at the start of a transaction.
    pub(crate) fn refresh(&mut self, db: &Connection) -> Result<()> {
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
    pub(crate) fn changed(db: &Connection) -> Result<()> {
        db.prepare_cached(
            "INSERT INTO state (key, value) VALUES ('blocks_generation', 1)
             ON CONFLICT (key) DO UPDATE SET value = value + 1",
        )?
        .execute([])?;
        Ok(())
    }

    /// The bytes at a location.
    pub(crate) fn read(&mut self, db: &Connection, location: Location) -> Result<Vec<u8>> {
        let bytes = self.block(db, location.block)?;
        let start = location.off as usize;
        bytes
            .get(start..start.saturating_add(location.len as usize))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Error::damaged(format!("block {} is too short", location.block.0)))
    }

    /// A block as a whole.
    fn block(&mut self, db: &Connection, id: BlockId) -> Result<Arc<Vec<u8>>> {
        if let Some(block) = self.cache.get(&id) {
            return Ok(Arc::clone(block));
        }
        let block =
            Arc::new(decompress(db, id)?.map_err(|why| Error::damaged(format!("block {}: {why}", id.0)))?);
        self.cache.put(id, Arc::clone(&block));
        Ok(block)
    }
}
