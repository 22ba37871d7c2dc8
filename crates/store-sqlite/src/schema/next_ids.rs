//! The numbers that the next rows get when a writer begins, and those that are not given out again.

use crate::error::Result;
use rusqlite::Connection;

/// The next free ids, as the database has them.
pub(crate) struct NextIds {
    pub(crate) record: i64,
    pub(crate) content: i64,
    pub(crate) block: i64,
    pub(crate) trace_group: i64,
}

impl NextIds {
    pub(crate) fn read(db: &Connection) -> Result<Self> {
        let next = |table: &str| -> rusqlite::Result<i64> {
            db.query_row(&format!("SELECT coalesce(max(id), 0) + 1 FROM {table}"), [], |row| row.get(0))
        };
        Ok(Self {
            // Above what was deleted too ([`Numbers`]).
            record: next("records")?.max(next_above(db, Numbers::RECORD)?),
            // Above the watermark too (`hash_index`), though what stood below it may be deleted.
            content: next("contents")?
                .max(next_above(db, "content_hashes_to")?)
                .max(next_above(db, "search_watermark")?),
            block: next("blocks")?,
            trace_group: next("trace_groups")?.max(next_above(db, Numbers::TRACE_GROUP)?),
        })
    }
}

fn next_above(db: &Connection, key: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(value), 0) + 1 FROM state WHERE key = ?1";
    db.query_row(sql, [key], |row| row.get(0))
}

/// The last numbers given out. Indexes by hash may still lead to rows that were deleted, so that a number must not come to
/// mean another row, also after a restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) record: i64,
    pub(crate) trace_group: i64,
}

impl Numbers {
    /// Where the last number of a kind is kept.
    const RECORD: &'static str = "records_to";
    const TRACE_GROUP: &'static str = "trace_groups_to";

    /// Keeps them with the deletion.
    pub(crate) fn keep(self, tx: &Connection) -> Result<()> {
        let mut keep = tx.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES (?1, ?2)")?;
        keep.execute((Self::RECORD, self.record))?;
        keep.execute((Self::TRACE_GROUP, self.trace_group))?;
        Ok(())
    }
}
