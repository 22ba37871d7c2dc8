//! What lies in a block, and rewriting blocks of which little is used.

use crate::{StoreError, blocks::Blocks, pack::Place, writer::Writer};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::BTreeMap;

/// A row that lies in a block.
#[derive(Clone, Copy)]
pub(crate) struct Tenant {
    table: &'static str,
    id: i64,
    place: Place,
}

/// Everything that lies in a block. Ids and blocks grow together in each table, so the rows lie side by side.
pub(crate) fn tenants(tx: &Transaction<'_>, block: i64) -> Result<Vec<Tenant>, StoreError> {
    let mut all = Vec::new();
    for table in ["records", "contents", "metrics"] {
        let Some(first) = first_in_block(tx, table, block)? else { continue };
        let mut statement = tx
            .prepare_cached(&format!("SELECT block, off, len, id FROM {table} WHERE id >= ?1 ORDER BY id"))?;
        let mut rows = statement.query([first])?;
        while let Some(row) = rows.next()? {
            let place = Place::from_row(row, 0)?;
            if place.block != block {
                break;
            }
            all.push(Tenant { table, id: row.get(3)?, place });
        }
    }
    Ok(all)
}

/// The first row of a table that lies in this block, by bisection over the ids.
fn first_in_block(tx: &Transaction<'_>, table: &str, block: i64) -> Result<Option<i64>, StoreError> {
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
            Some((id, here)) if here < block => low = id + 1,
            Some((id, here)) => {
                if here == block {
                    found = Some(id);
                }
                high = middle - 1;
            }
            None => high = middle - 1,
        }
    }
    Ok(found)
}

/// Rewrites blocks of which less than half is used, under their old numbers.
pub(crate) fn repack(writer: &mut Writer) -> Result<(), StoreError> {
    let blocks: Vec<(i64, u64)> = writer
        .db
        .prepare("SELECT id, size FROM blocks ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (block, size) in blocks {
        let tx = writer.db.transaction()?;
        let tenants = tenants(&tx, block)?;
        let used: u64 = tenants.iter().map(|tenant| u64::from(tenant.place.len)).sum();
        if used * 2 >= size {
            continue;
        }
        let mut cache = Blocks::new();
        let mut raw = Vec::with_capacity(used as usize);
        let mut moved: BTreeMap<(i64, &str), u32> = BTreeMap::new();
        for tenant in &tenants {
            moved.insert((tenant.id, tenant.table), raw.len() as u32);
            raw.extend(cache.read(&tx, tenant.place)?);
        }
        if tenants.is_empty() {
            tx.execute("DELETE FROM blocks WHERE id = ?1", [block])?;
        } else {
            let data = zstd::bulk::compress(&raw, 3).map_err(StoreError::Compress)?;
            tx.execute("UPDATE blocks SET size = ?2, data = ?3 WHERE id = ?1", (block, raw.len(), data))?;
            for ((id, table), off) in moved {
                tx.prepare_cached(&format!("UPDATE {table} SET off = ?2 WHERE id = ?1"))?
                    .execute((id, off))?;
            }
        }
        Blocks::changed(&tx)?;
        tx.commit()?;
    }
    Ok(())
}
