//! The search index over contents: for each unit of contents a signature that says what their texts cannot hold, so that
//! a question reads few of them. `turnscope_query::TextQuery` says what is found.

mod candidates;
mod indexer;
mod raw;
mod signature;
mod slices;
#[cfg(test)]
mod tests;
mod unit;

pub(crate) use candidates::{Candidate, Candidates, Place};
pub(crate) use indexer::Indexer;
pub(crate) use raw::RawCheck;

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension as _};
use turnscope_model::ContentId;

/// The last content of the last unit.
pub(crate) fn watermark(db: &Connection) -> Result<i64> {
    let stored = db
        .prepare_cached("SELECT value FROM state WHERE key = 'search_watermark'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(stored.unwrap_or(0))
}

/// Has a content looked for that a unit may have passed by.
pub(crate) fn add_late(db: &Connection, content: ContentId) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO search_late (content) VALUES (?1) ON CONFLICT (content) DO UPDATE SET unit = NULL",
    )?
    .execute([content.0])?;
    Ok(())
}
