//! Gives free room back to the disk, a little at a time.

use crate::error::Result;
use rusqlite::Connection;

/// Pages given back in one transaction.
const PAGES: u32 = 500;
/// Free pages that stay: what comes next takes them.
const KEPT: u32 = 2_000;

/// Gives back a few of the pages that are free; gives whether enough were. A file that was not made for it keeps its size
/// until the next vacuum.
pub(super) fn shrink(db: &Connection) -> Result<bool> {
    shrink_to(db, KEPT)
}

/// The same, down to so many free pages.
pub(super) fn shrink_to(db: &Connection, kept: u32) -> Result<bool> {
    let free: u32 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    if free <= kept || !is_incremental(db)? {
        return Ok(true);
    }
    db.execute_batch(&format!("PRAGMA incremental_vacuum({})", PAGES.min(free - kept)))?;
    Ok(false)
}

/// Whether the file keeps track of what points at each page, so that the last pages can be moved to free ones.
pub(super) fn is_incremental(db: &Connection) -> Result<bool> {
    const INCREMENTAL: u32 = 2;
    let mode: u32 = db.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?;
    Ok(mode == INCREMENTAL)
}
