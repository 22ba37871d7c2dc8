//! What lies in a block, and rewriting blocks of which little is used.

use crate::{
    blocks::{BlockId, Blocks, Location},
    error::Result,
    write::pack::compress,
    writer::Writer,
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::BTreeMap;

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
pub(super) fn rows_in_block(tx: &Transaction<'_>, block: BlockId) -> Result<Vec<PackedRow>> {
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
fn first_in_block(tx: &Transaction<'_>, table: &str, block: BlockId) -> Result<Option<i64>> {
    let (mut low, mut high): (i64, i64) = tx
        .prepare_cached(&format!("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM {table}"))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
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

/// Rewrites blocks of which less than half is used, and gives free pages back to the disk.
pub(crate) fn vacuum(writer: &mut Writer) -> Result<()> {
    repack(writer)?;
    writer.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Rewrites blocks of which less than half is used, under their old numbers. A block that cannot be read stays as it is.
fn repack(writer: &mut Writer) -> Result<()> {
    let blocks: Vec<(BlockId, u64)> = writer
        .db
        .prepare("SELECT id, size FROM blocks ORDER BY id")?
        .query_map([], |row| Ok((BlockId(row.get(0)?), row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (block, size) in blocks {
        let tx = writer.db.transaction()?;
        match repack_one(&tx, block, size) {
            Ok(()) => tx.commit()?,
            Err(error) if error.is_damage() => {
                writer.progress.damage.note(format!("block {}", block.0), error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn repack_one(tx: &Transaction<'_>, block: BlockId, size: u64) -> Result<()> {
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
