//! Deletes metrics, and log records that belong to no run and to no trace.

use super::remove_records::RecordRemoval;
use crate::{error::Result, write::Gone, writer::Writer};
use turnscope_model::RecordId;

/// Metrics and log records deleted in one transaction, and records looked at for the latter.
const METRICS: u32 = 2_000;
const LOGS: usize = 500;
const LOOKED_AT: u32 = 5_000;

/// Deletes a few of the metrics before this one; gives how many.
pub(super) fn delete_metrics(writer: &mut Writer, before: i64) -> Result<u64> {
    let tx = writer.db.transaction()?;
    let rows: Vec<(i64, i64)> = tx
        .prepare_cached("SELECT id, block FROM metrics WHERE id < ?1 ORDER BY id LIMIT ?2")?
        .query_map((before, METRICS), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut removal = RecordRemoval::default();
    for (id, block) in &rows {
        tx.prepare_cached("DELETE FROM metrics WHERE id = ?1")?.execute([id])?;
        removal.add_block(*block);
    }
    removal.finish(&tx)?;
    writer.committer.numbers().keep(&tx)?;
    tx.commit()?;
    Ok(rows.len() as u64)
}

/// Deletes a few of the loose log records between these two; gives how many, and the last record that was looked at
/// (`None`: all were).
pub(super) fn delete_loose_logs(writer: &mut Writer, after: i64, before: i64) -> Result<(u64, Option<i64>)> {
    let tx = writer.db.transaction()?;
    let mut loose = Vec::new();
    let mut last = None;
    {
        let mut statement = tx.prepare_cached(
            "SELECT id, trace_group IS NULL AND trace IS NULL FROM records WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3",
        )?;
        let mut rows = statement.query((after, before, LOOKED_AT))?;
        while let Some(row) = rows.next()?
            && loose.len() < LOGS
        {
            last = Some(row.get(0)?);
            if row.get(1)? {
                loose.push(RecordId(row.get(0)?));
            }
        }
    }
    if loose.is_empty() {
        return Ok((0, last));
    }
    let mut removal = RecordRemoval::default();
    for record in &loose {
        removal.add(&tx, *record)?;
    }
    let contents = removal.finish(&tx)?;
    writer.committer.numbers().keep(&tx)?;
    tx.commit()?;
    let records = loose.len() as u64;
    writer.forget(&Gone { contents, records, ..Gone::default() });
    Ok((records, last))
}
