//! The tables behind the indexes by hash, and what is asked of them.

use crate::error::Result;
use rusqlite::Transaction;

/// Contents of a segment of their index, as a power of two: 36 MB of the file, and 2.5 MB of memory for its filter.
const CONTENTS_SEGMENT_BITS: u32 = 21;

/// Takes a content out of the index.
pub(crate) fn remove_content(tx: &Transaction<'_>, hash: i64, content: i64) -> Result<()> {
    let segment = Table::Contents.segment_of(content);
    tx.prepare_cached("DELETE FROM content_hash_segments WHERE segment = ?1 AND hash = ?2 AND content = ?3")?
        .execute((segment, hash, content))?;
    tx.prepare_cached("DELETE FROM content_hashes WHERE hash = ?1 AND content = ?2")?
        .execute((hash, content))?;
    Ok(())
}

/// Which index it is: its table, and where entries are noted that it does not hold yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    /// From what reports of one call have in common to their trace groups; notes stand in `joins_recent`, and go when they have
    /// moved.
    Joins,
    /// From a content's hash to the content. Notes are the rows of `contents` themselves, those above a watermark.
    Contents,
}

impl Table {
    /// How many numbers a segment spans, as a power of two.
    pub(super) const fn segment_bits(self) -> u32 {
        match self {
            _ if cfg!(test) => 4,
            Self::Joins => 18,
            Self::Contents => CONTENTS_SEGMENT_BITS,
        }
    }

    /// How many entries a segment is expected to have: a trace group has a few joins.
    pub(super) const fn segment_entries(self) -> usize {
        match self {
            _ if cfg!(test) => 16,
            Self::Joins => 1 << 20,
            Self::Contents => 1 << CONTENTS_SEGMENT_BITS,
        }
    }

    /// The segment in which an entry with this number lies.
    pub(super) const fn segment_of(self, number: i64) -> i64 {
        number >> self.segment_bits()
    }

    /// The numbers in segment `?3` under hash `?1`; `?2` is the bits of a segment.
    pub(super) const fn find(self) -> &'static str {
        match self {
            Self::Joins => "SELECT trace_group FROM joins WHERE key = ?1 AND trace_group >> ?2 = ?3",
            Self::Contents => {
                "SELECT content FROM content_hash_segments WHERE segment = ?3 AND hash = ?1
                 UNION ALL SELECT content FROM content_hashes WHERE hash = ?1 AND content >> ?2 = ?3"
            }
        }
    }

    /// Adds number `?2` under hash `?1`.
    pub(super) fn put(self) -> String {
        match self {
            Self::Joins => "INSERT OR IGNORE INTO joins (key, trace_group) VALUES (?1, ?2)".into(),
            Self::Contents => format!(
                "INSERT OR IGNORE INTO content_hash_segments (segment, hash, content) VALUES (?2 >> {}, ?1, ?2)",
                self.segment_bits()
            ),
        }
    }

    /// The next `?3` entries after (`?1`, `?2`) for the filters: hash and number, in an order of its own.
    pub(super) const fn scan(self) -> &'static str {
        match self {
            Self::Joins => {
                "SELECT key, trace_group FROM joins WHERE (key, trace_group) > (?1, ?2) ORDER BY key, trace_group LIMIT ?3"
            }
            Self::Contents => "SELECT hash1, id FROM contents WHERE id > ?2 ORDER BY id LIMIT ?3",
        }
    }

    /// The segments that are whole once a scan has come to this number: all of those before it, where the scan goes by number.
    pub(super) const fn whole_below(self, scanned: i64) -> i64 {
        match self {
            Self::Joins => 0,
            Self::Contents => self.segment_of(scanned),
        }
    }

    /// The largest number in use.
    pub(super) const fn last_number(self) -> &'static str {
        match self {
            Self::Joins => "SELECT coalesce(max(id), 0) FROM trace_groups",
            Self::Contents => "SELECT coalesce(max(id), 0) FROM contents",
        }
    }

    /// All notes: number of the note, hash, number.
    pub(super) fn notes(self) -> &'static str {
        match self {
            Self::Joins => "SELECT id, key, trace_group FROM joins_recent ORDER BY id",
            Self::Contents => {
                "SELECT id, hash1, id FROM contents
                 WHERE id > coalesce((SELECT value FROM state WHERE key = 'content_hashes_to'), 0) ORDER BY id"
            }
        }
    }

    /// Notes an entry under this number, and gives the number of the next.
    pub(super) fn note(self, tx: &Transaction<'_>, note: i64, hash: i64, number: i64) -> Result<i64> {
        match self {
            Self::Joins => {
                tx.prepare_cached("INSERT INTO joins_recent (id, key, trace_group) VALUES (?1, ?2, ?3)")?
                    .execute((note, hash, number))?;
                Ok(note + 1)
            }
            Self::Contents => Ok(number + 1),
        }
    }

    /// Deletes up to `most` notes, those up to number `to`. Returns whether none of them is left.
    pub(super) fn forget(self, tx: &Transaction<'_>, to: i64, most: usize) -> Result<bool> {
        match self {
            Self::Joins => {
                let gone = tx
                    .prepare_cached(
                        "DELETE FROM joins_recent WHERE id IN
                             (SELECT id FROM joins_recent WHERE id <= ?1 ORDER BY id LIMIT ?2)",
                    )?
                    .execute((to, i64::try_from(most).unwrap_or(i64::MAX)))?;
                Ok(gone < most)
            }
            Self::Contents => {
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO state (key, value) VALUES ('content_hashes_to', ?1)",
                )?
                .execute([to])?;
                Ok(true)
            }
        }
    }
}
