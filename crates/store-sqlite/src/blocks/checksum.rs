//! Decompresses blocks, which checks their checksums.

use super::BlockId;
use crate::error::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// A block holds at most one large request more than it closes at.
const MOST_BYTES: usize = 1 << 32;

/// The bytes of a block. The inner error says in words what is wrong with the block.
pub(super) fn decompress(db: &Connection, id: BlockId) -> Result<std::result::Result<Vec<u8>, String>> {
    let stored: Option<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT size, data FROM blocks WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((size, data)) = stored else { return Ok(Err("it is missing".into())) };
    let Some(size) = usize::try_from(size).ok().filter(|size| *size <= MOST_BYTES) else {
        return Ok(Err("its size makes no sense".into()));
    };
    Ok(match zstd::bulk::decompress(&data, size) {
        Ok(raw) if raw.len() == size => Ok(raw),
        Ok(_) => Err("it has another size than it was written with".into()),
        Err(error) => Err(error.to_string()),
    })
}

/// What is wrong with a block, in words.
pub(crate) fn check_block(db: &Connection, id: i64) -> std::result::Result<(), String> {
    decompress(db, BlockId(id)).unwrap_or_else(|error| Err(error.to_string())).map(drop)
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
