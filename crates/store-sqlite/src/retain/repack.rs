//! What lies in a block, and rewriting blocks of which little is used.

use crate::{
    blocks::{BlockId, Blocks, Location},
    error::Result,
    write::pack::compress,
    writer::Writer,
};
use rusqlite::{Connection, OptionalExtension as _};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The tables whose rows lie in blocks.
const TABLES: [&str; 3] = ["records", "contents", "metrics"];

/// A row that lies in a block.
#[derive(Clone, Copy)]
pub(super) struct PackedRow {
    table: &'static str,
    id: i64,
    location: Location,
}

/// Everything that lies in a block. Ids and blocks grow together in each table, so the rows lie side by side.
pub(super) fn rows_in_block(tx: &Connection, block: BlockId) -> Result<Vec<PackedRow>> {
    let mut all = Vec::new();
    for table in TABLES {
        let Some(first) = first_in_block(tx, table, block)? else { continue };
        let mut statement = tx
            .prepare_cached(&format!("SELECT block, off, len, id FROM {table} WHERE id >= ?1 ORDER BY id"))?;
        let mut rows = statement.query([first])?;
        while let Some(row) = rows.next()? {
            let location = Location::from_row(row, 0)?;
            if location.block != block {
                break;
            }
            all.push(PackedRow { table, id: row.get(3)?, location });
        }
    }
    Ok(all)
}

/// The first row of a table that lies in this block, by bisection over the ids.
fn first_in_block(tx: &Connection, table: &str, block: BlockId) -> Result<Option<i64>> {
    // In two statements: SQLite finds an end of a table at once, and reads all of it for both ends together.
    let end = |sql: String| -> Result<Option<i64>> {
        Ok(tx.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    };
    let Some(mut low) = end(format!("SELECT min(id) FROM {table}"))? else { return Ok(None) };
    let mut high = end(format!("SELECT max(id) FROM {table}"))?.unwrap_or(low);
    let mut at_or_after =
        tx.prepare_cached(&format!("SELECT id, block FROM {table} WHERE id >= ?1 ORDER BY id LIMIT 1"))?;
    let mut found = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, i64)> =
            at_or_after.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((id, here)) if here < block.0 => low = id + 1,
            Some((id, here)) => {
                if here == block.0 {
                    found = Some(id);
                }
                high = middle - 1;
            }
            None => high = middle - 1,
        }
    }
    Ok(found)
}

/// How long a slice may go on.
const SLICE: Duration = Duration::from_millis(30);

/// Rewrites blocks after this one of which less than half is used, under their old numbers, for a slice. Gives the last
/// block that was looked at; `None` when there are no more. A block that cannot be read stays as it is.
pub(super) fn repack_some(writer: &mut Writer, mut after: BlockId) -> Result<Option<BlockId>> {
    let began = Instant::now();
    let mut tx = writer.db.transaction()?;
    loop {
        let next: Option<(i64, u64)> = tx
            .prepare_cached("SELECT id, size FROM blocks WHERE id > ?1 ORDER BY id LIMIT 1")?
            .query_row([after.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((block, size)) = next else {
            tx.commit()?;
            return Ok(None);
        };
        after = BlockId(block);
        let savepoint = tx.savepoint()?;
        match repack_one(&savepoint, after, size) {
            Ok(()) => savepoint.commit()?,
            Err(error) if error.is_damage() => {
                drop(savepoint);
                writer.progress.damage.note(format!("block {block}"), error.to_string());
            }
            Err(error) => return Err(error),
        }
        if began.elapsed() >= SLICE {
            tx.commit()?;
            return Ok(Some(after));
        }
    }
}

fn repack_one(tx: &Connection, block: BlockId, size: u64) -> Result<()> {
    let rows = rows_in_block(tx, block)?;
    let used: u64 = rows.iter().map(|row| u64::from(row.location.len)).sum();
    if used * 2 >= size {
        return Ok(());
    }
    let mut cache = Blocks::new();
    let mut raw = Vec::new();
    let mut moved: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    for row in &rows {
        moved.insert((row.id, row.table), raw.len());
        raw.extend(cache.read(tx, row.location)?);
    }
    if rows.is_empty() {
        tx.execute("DELETE FROM blocks WHERE id = ?1", [block.0])?;
    } else {
        tx.execute(
            "UPDATE blocks SET size = ?2, data = ?3 WHERE id = ?1",
            (block.0, raw.len(), compress(&raw)?),
        )?;
        for ((id, table), off) in moved {
            tx.prepare_cached(&format!("UPDATE {table} SET off = ?2 WHERE id = ?1"))?.execute((id, off))?;
        }
    }
    Blocks::changed(tx)
}
