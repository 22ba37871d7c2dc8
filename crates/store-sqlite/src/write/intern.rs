//! Hash to content id: a bounded cache in front of the index.

use super::{hash_index::HashIndex, hash_tables::Table, pack::Packer};
use crate::{
    error::Result,
    schema::stored::{SEARCHED, halves},
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::HashMap;
use turnscope_model::{ContentHash, ContentId, Form, Purpose, RecordId};

/// Contents in each of the cache's two generations (seven eighths of a power of two: the map is full then).
const CACHED: usize = 7 * 8 * 1024;
/// Gives each content its id, once.
pub(crate) struct Interner {
    cache: Cache,
    index: HashIndex,
    next_id: i64,
    /// Contents first seen where nobody searches, and met again where one does: to be indexed late.
    pub(crate) late: Vec<ContentId>,
}

/// Contents met lately: the id, and whether the content is searched. What is met again moves to the younger generation.
/// When that is full it becomes the older one, and what was not met meanwhile is dropped. An exact LRU would cost a list
/// operation for each of the thousands of items in a request.
#[derive(Default)]
struct Cache {
    younger: HashMap<ContentHash, (ContentId, bool)>,
    older: HashMap<ContentHash, (ContentId, bool)>,
}

impl Cache {
    fn get(&mut self, hash: &ContentHash) -> Option<(ContentId, bool)> {
        if let Some(known) = self.younger.get(hash) {
            return Some(*known);
        }
        let known = *self.older.get(hash)?;
        self.put(*hash, known);
        Some(known)
    }

    fn put(&mut self, hash: ContentHash, known: (ContentId, bool)) {
        if self.younger.len() >= CACHED {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(hash, known);
    }
}

/// A content's id, and whether it is new to the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interned {
    pub(crate) id: ContentId,
    pub(crate) is_new: bool,
}

impl Interner {
    pub(crate) fn new(next_id: i64) -> Self {
        Self { cache: Cache::default(), index: HashIndex::new(Table::Contents), next_id, late: Vec::new() }
    }

    /// The id of this content; packs and inserts it when it is new, as first met by `record`.
    #[expect(clippy::too_many_arguments, reason = "one content from its parts")]
    pub(crate) fn intern(
        &mut self,
        tx: &Transaction<'_>,
        packer: &mut Packer,
        hash: ContentHash,
        form: Form,
        purpose: Purpose,
        bytes: &[u8],
        record: RecordId,
    ) -> Result<Interned> {
        if let Some((id, searched)) = self.cache.get(&hash)
            && (searched || !purpose.is_searched())
        {
            return Ok(Interned { id, is_new: false });
        }
        let (hash1, hash2) = halves(hash);
        if let Some((id, stored_form)) = self.find(tx, hash1, hash2)? {
            if purpose.is_searched() && stored_form & SEARCHED == 0 {
                // With the purpose for which it is searched: that decides how its text is found.
                tx.prepare_cached("UPDATE contents SET form = (form & 15) | ?2 WHERE id = ?1")?
                    .execute((id.0, SEARCHED | (purpose as u32) << 5))?;
                self.late.push(id);
            }
            self.cache.put(hash, (id, stored_form & SEARCHED != 0 || purpose.is_searched()));
            return Ok(Interned { id, is_new: false });
        }
        let id = ContentId(self.next_id);
        self.next_id += 1;
        let location = packer.append(bytes)?;
        let searched = if purpose.is_searched() { SEARCHED } else { 0 };
        tx.prepare_cached(
            "INSERT INTO contents (id, hash1, hash2, form, record, block, off, len) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            id.0,
            hash1,
            hash2,
            form as u32 | searched | (purpose as u32) << 5,
            record.0,
            location.block.0,
            location.off,
            location.len,
        ))?;
        self.index.add(tx, hash1, id.0)?;
        self.cache.put(hash, (id, purpose.is_searched()));
        Ok(Interned { id, is_new: true })
    }

    /// The stored content with this hash: its id and form.
    fn find(&mut self, tx: &Transaction<'_>, hash1: i64, hash2: i64) -> Result<Option<(ContentId, u32)>> {
        for id in self.index.find(tx, hash1)? {
            let form = tx
                .prepare_cached("SELECT form FROM contents WHERE id = ?1 AND hash1 = ?2 AND hash2 = ?3")?
                .query_row((id, hash1, hash2), |row| row.get(0))
                .optional()?;
            if let Some(form) = form {
                return Ok(Some((ContentId(id), form)));
            }
        }
        Ok(None)
    }

    /// With each commit: brings the index a little further.
    pub(crate) fn advance(&mut self, tx: &Transaction<'_>) -> Result<()> {
        self.index.advance(tx)
    }

    /// Brings the index up to date.
    pub(crate) fn finish(&mut self, tx: &Transaction<'_>) -> Result<()> {
        self.index.finish(tx)
    }

    /// Forgets contents that were deleted. The index may still lead to them, and is not believed.
    pub(crate) fn forget(&mut self, contents: &[ContentHash]) {
        for hash in contents {
            self.cache.younger.remove(hash);
            self.cache.older.remove(hash);
        }
    }

    /// Forgets everything, after a transaction was rolled back or contents were deleted.
    pub(crate) fn reset(&mut self) {
        self.cache = Cache::default();
        self.index.reset();
        self.late.clear();
    }
}
