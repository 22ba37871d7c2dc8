//! A number that says whether facts of stored records were found again since.

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension as _};

const KEY: &str = "facts_generation";

/// The number now.
pub(crate) fn facts_generation(db: &Connection) -> Result<i64> {
    let known = db
        .prepare_cached("SELECT value FROM state WHERE key = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    Ok(known.unwrap_or(0))
}

/// Facts change with this transaction.
pub(crate) fn facts_change(tx: &Connection) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO state (key, value) VALUES (?1, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
    )?
    .execute([KEY])?;
    Ok(())
}
