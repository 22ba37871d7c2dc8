//! The numbers that the next rows get, when a writer begins.

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
            record: next("records")?,
            // Above the watermarks too (`hash_index`, `text`), though what stood below them may be deleted.
            content: next("contents")?.max(next_above_watermarks(db)?),
            block: next("blocks")?,
            trace_group: next("trace_groups")?,
        })
    }
}

fn next_above_watermarks(db: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(value), 0) + 1 FROM state WHERE key IN ('content_hashes_to', 'search_watermark')";
    db.query_row(sql, [], |row| row.get(0))
}
