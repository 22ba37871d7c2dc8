//! Hash to content id: a bounded cache in front of the table.

use crate::{pack::Packer, sqlite::StoreError};
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
        Self { cache: LruCache::new(CACHED), next_id, late: Vec::new() }
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
        let known: Option<(i64, u32)> = tx
            .prepare_cached("SELECT id, form FROM contents WHERE hash1 = ?1 AND hash2 = ?2")?
            .query_row((hash1, hash2), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((id, stored_form)) = known {
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
        self.cache.put(hash, (id, purpose.is_searched()));
        Ok(Interned { id, is_new: true })
    }

    /// Forgets everything, after a transaction was rolled back or contents were deleted.
    pub(crate) fn reset(&mut self) {
        self.cache.clear();
        self.late.clear();
    }
}

/// The two halves of a hash, as the table keeps them.
pub(crate) fn halves(hash: ContentHash) -> (i64, i64) {
    let second = hash.bytes()[8..].try_into().map_or(0, i64::from_be_bytes);
    (hash.prefix(), second)
}
