//! Hash to content id: a bounded cache in front of the index.

use crate::{hash_index::HashIndex, pack::Packer, sqlite::StoreError};
use lru::LruCache;
use rusqlite::{OptionalExtension as _, Transaction};
use std::num::NonZeroUsize;
use turnscope_model::{ContentHash, Form, Purpose};

const CACHED: NonZeroUsize = NonZeroUsize::new(128 * 1024).unwrap();
/// Bit in `contents.form`: to be indexed for search.
pub(crate) const SEARCHED: u32 = 0x10;

/// Gives each content its id, once.
pub(crate) struct Interner {
    /// The id, and whether the content is searched.
    cache: LruCache<ContentHash, (i64, bool)>,
    index: HashIndex,
    next_id: i64,
    /// Contents first seen where nobody searches, and met again where one does: to be indexed late.
    pub(crate) late: Vec<i64>,
}

/// A content's id, and whether it is new to the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interned {
    pub(crate) id: i64,
    pub(crate) is_new: bool,
}

impl Interner {
    pub(crate) fn new(next_id: i64) -> Self {
        Self {
            cache: LruCache::new(CACHED),
            index: HashIndex::new("content_hashes", "hash", "content"),
            next_id,
            late: Vec::new(),
        }
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
        record: i64,
    ) -> Result<Interned, StoreError> {
        if let Some(&(id, searched)) = self.cache.get(&hash)
            && (searched || !purpose.is_searched())
        {
            return Ok(Interned { id, is_new: false });
        }
        let (hash1, hash2) = halves(hash);
        if let Some((id, stored_form)) = self.find(tx, hash1, hash2)? {
            if purpose.is_searched() && stored_form & SEARCHED == 0 {
                // With the purpose for which it is searched: that decides how its text is found.
                tx.prepare_cached("UPDATE contents SET form = (form & 15) | ?2 WHERE id = ?1")?
                    .execute((id, SEARCHED | (purpose as u32) << 5))?;
                self.late.push(id);
            }
            self.cache.put(hash, (id, stored_form & SEARCHED != 0 || purpose.is_searched()));
            return Ok(Interned { id, is_new: false });
        }
        let id = self.next_id;
        self.next_id += 1;
        let place = packer.append(bytes);
        let searched = if purpose.is_searched() { SEARCHED } else { 0 };
        tx.prepare_cached(
            "INSERT INTO contents (id, hash1, hash2, form, record, block, off, len) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            id,
            hash1,
            hash2,
            form as u32 | searched | (purpose as u32) << 5,
            record,
            place.block,
            place.off,
            place.len,
        ))?;
        self.index.add(tx, hash1, id)?;
        self.cache.put(hash, (id, purpose.is_searched()));
        Ok(Interned { id, is_new: true })
    }

    /// The stored content with this hash: its id and form.
    fn find(
        &mut self,
        tx: &Transaction<'_>,
        hash1: i64,
        hash2: i64,
    ) -> Result<Option<(i64, u32)>, StoreError> {
        for id in self.index.find(tx, hash1)? {
            let form = tx
                .prepare_cached("SELECT form FROM contents WHERE id = ?1 AND hash1 = ?2 AND hash2 = ?3")?
                .query_row((id, hash1, hash2), |row| row.get(0))
                .optional()?;
            if let Some(form) = form {
                return Ok(Some((id, form)));
            }
        }
        Ok(None)
    }

    /// With each commit: brings the index a little further.
    pub(crate) fn advance(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.index.advance(tx)
    }

    /// Brings the index up to date.
    pub(crate) fn finish(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.index.finish(tx)
    }

    /// Forgets everything, after a transaction was rolled back or contents were deleted.
    pub(crate) fn reset(&mut self) {
        self.cache.clear();
        self.index.reset();
        self.late.clear();
    }
}

/// The two halves of a hash, as the table keeps them.
pub(crate) fn halves(hash: ContentHash) -> (i64, i64) {
    let second = hash.bytes()[8..].try_into().map_or(0, i64::from_be_bytes);
    (hash.prefix(), second)
}
