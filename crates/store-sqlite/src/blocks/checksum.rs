//! Looks at the checksums of blocks.

use crate::error::Result;
use rusqlite::Connection;

/// Decompresses a block, which checks its checksum; what is wrong with it, in words.
pub(crate) fn check_block(db: &Connection, id: i64) -> std::result::Result<(), String> {
    let (size, data): (usize, Vec<u8>) = db
        .prepare_cached("SELECT size, data FROM blocks WHERE id = ?1")
        .and_then(|mut one| one.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(|error| error.to_string())?;
    let raw = zstd::bulk::decompress(&data, size).map_err(|error| error.to_string())?;
    if raw.len() == size { Ok(()) } else { Err("it has another size than it was written with".into()) }
}

/// The first block whose checksum does not fit, and why.
pub(crate) fn first_damaged_block(db: &Connection) -> Result<Option<(i64, String)>> {
    let mut statement = db.prepare("SELECT id FROM blocks ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if let Err(why) = check_block(db, id) {
            return Ok(Some((id, why)));
        }
    }
    Ok(None)
}
