//! Sweeps up what leads to rows that are gone: indexes by hash, in which the entries of one row lie anywhere.
//!
//! Until they are swept up, these entries do no harm: whoever finds one looks whether its row is there, and numbers are
//! not given out again.

use crate::{error::Result, writer::Writer};
use rusqlite::Transaction;

/// Entries looked at in one transaction.
const LOOKED_AT: u32 = 4_000;

/// How far a sweep has come.
#[derive(Clone, Debug)]
pub(super) enum Sweep {
    /// Joins after this key and trace group.
    Joins(i64, i64),
    /// Hashes of log records after this one.
    LogHashes(Vec<u8>),
}

impl Default for Sweep {
    fn default() -> Self {
        Self::Joins(i64::MIN, i64::MIN)
    }
}

/// Looks at a few more entries; gives whether that was all.
pub(super) fn sweep(writer: &mut Writer, at: &mut Sweep) -> Result<bool> {
    let tx = writer.db.transaction()?;
    let next = match at {
        Sweep::Joins(key, group) => {
            sweep_joins(&tx, (*key, *group))?.or_else(|| Some(Sweep::LogHashes(Vec::new())))
        }
        Sweep::LogHashes(hash) => sweep_log_hashes(&tx, hash)?,
    };
    let is_all = next.is_none();
    if is_all {
        // Hours of which no run is left, and values that no run has.
        tx.execute("DELETE FROM rollups WHERE runs = 0", [])?;
        tx.execute("DELETE FROM value_counts WHERE runs = 0", [])?;
    }
    tx.commit()?;
    if let Some(next) = next {
        *at = next;
    }
    Ok(is_all)
}

fn sweep_joins(tx: &Transaction<'_>, after: (i64, i64)) -> Result<Option<Sweep>> {
    let entries: Vec<(i64, i64, bool)> = tx
        .prepare_cached(
            "SELECT key, trace_group, EXISTS (SELECT 1 FROM trace_groups g WHERE g.id = joins.trace_group) FROM joins
             WHERE (key, trace_group) > (?1, ?2) ORDER BY key, trace_group LIMIT ?3",
        )?
        .query_map((after.0, after.1, LOOKED_AT), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (key, group, _) in entries.iter().filter(|(_, _, is_there)| !is_there) {
        tx.prepare_cached("DELETE FROM joins WHERE key = ?1 AND trace_group = ?2")?.execute((key, group))?;
    }
    Ok(entries.last().map(|(key, group, _)| Sweep::Joins(*key, *group)))
}

fn sweep_log_hashes(tx: &Transaction<'_>, after: &[u8]) -> Result<Option<Sweep>> {
    let entries: Vec<(Vec<u8>, bool)> = tx
        .prepare_cached(
            "SELECT hash, EXISTS (SELECT 1 FROM records c WHERE c.id = log_hashes.record) FROM log_hashes
             WHERE hash > ?1 ORDER BY hash LIMIT ?2",
        )?
        .query_map((after, LOOKED_AT), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (hash, _) in entries.iter().filter(|(_, is_there)| !is_there) {
        tx.prepare_cached("DELETE FROM log_hashes WHERE hash = ?1")?.execute([hash])?;
    }
    Ok(entries.into_iter().last().map(|(hash, _)| Sweep::LogHashes(hash)))
}
