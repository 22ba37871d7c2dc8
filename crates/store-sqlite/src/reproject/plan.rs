//! What is to be looked at again, and how far that has come: rows of the database, so that a restart goes on.

use crate::{error::Result, groups::members};
use rusqlite::{Connection, OptionalExtension as _};
use turnscope_model::{RecordId, TraceGroupId};

/// The version of the rules that made everything stored.
const DONE: &str = "rules";
/// The version by which all records are being looked at, those after one and up to another.
const RULES: &str = "reproject_rules";
const AFTER: &str = "reproject_after";
const TO: &str = "reproject_to";

/// Records to look at: those after one and up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Of this trace group; of all where there is none.
    group: Option<TraceGroupId>,
    after: i64,
    last: i64,
}

/// Decides at the start whether all records are to be looked at: rules of another version made some of them.
pub(super) fn begin(db: &Connection, version: i64) -> Result<()> {
    if get(db, DONE)? == Some(version) && get(db, TO)?.is_none() {
        return Ok(());
    }
    let is_empty = newest(db)? == 0;
    if is_empty {
        put(db, DONE, version)?;
    } else if get(db, RULES)? != Some(version) || get(db, TO)?.is_none() {
        begin_all(db, version)?;
    }
    Ok(())
}

/// All records that are there now are to be looked at.
pub(super) fn begin_all(db: &Connection, version: i64) -> Result<()> {
    for (key, value) in [(RULES, version), (AFTER, 0), (TO, newest(db)?)] {
        put(db, key, value)?;
    }
    Ok(())
}

/// The records of these trace groups, and of those that are projected together with them, are to be looked at.
pub(super) fn add_groups(db: &mut Connection, groups: &[TraceGroupId]) -> Result<()> {
    let tx = db.transaction()?;
    for group in groups {
        let is_there = tx.prepare_cached("SELECT 1 FROM trace_groups WHERE id = ?1")?.exists([group.0])?;
        for member in if is_there { members(&tx, *group)? } else { Vec::new() } {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO reproject_groups (trace_group, after, last)
                 SELECT ?1, 0, coalesce(max(id), 0) FROM records WHERE trace_group = ?1",
            )?
            .execute([member.0])?;
        }
    }
    Ok(tx.commit()?)
}

/// What is to be looked at next: single trace groups first, since somebody asked for them.
pub(super) fn next(db: &Connection) -> Result<Option<Work>> {
    let group = db
        .prepare_cached("SELECT trace_group, after, last FROM reproject_groups ORDER BY trace_group LIMIT 1")?
        .query_row([], |row| {
            Ok(Work { group: Some(TraceGroupId(row.get(0)?)), after: row.get(1)?, last: row.get(2)? })
        })
        .optional()?;
    if group.is_some() {
        return Ok(group);
    }
    let Some(last) = get(db, TO)? else { return Ok(None) };
    Ok(Some(Work { group: None, after: get(db, AFTER)?.unwrap_or(0), last }))
}

/// The next records of this work, versions that were replaced left out.
pub(super) fn ids(db: &Connection, work: &Work, most: usize) -> Result<Vec<RecordId>> {
    let of = if work.group.is_some() { "trace_group = ?3" } else { "?3 IS NULL" };
    let sql = format!(
        "SELECT id FROM records WHERE id > ?1 AND id <= ?2 AND {of} AND role & 15 < 15 ORDER BY id LIMIT {most}"
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_map((work.after, work.last, work.group.map(|group| group.0)), |row| row.get(0).map(RecordId))?
        .collect::<rusqlite::Result<_>>()?)
}

/// How many records are left to look at.
pub(super) fn left(db: &Connection) -> Result<u64> {
    let of_groups: u64 = db.query_row(
        "SELECT count(*) FROM reproject_groups g JOIN records r
             ON r.trace_group = g.trace_group AND r.id > g.after AND r.id <= g.last AND r.role & 15 < 15",
        [],
        |row| row.get(0),
    )?;
    let Some(last) = get(db, TO)? else { return Ok(of_groups) };
    let of_all: u64 = db.query_row(
        "SELECT count(*) FROM records WHERE id > ?1 AND id <= ?2 AND role & 15 < 15",
        (get(db, AFTER)?.unwrap_or(0), last),
        |row| row.get(0),
    )?;
    Ok(of_groups + of_all)
}

/// This work has come to a record; `None` when it is done. Work that was begun anew meanwhile stays as it is.
pub(super) fn advance(tx: &Connection, work: &Work, to: Option<RecordId>) -> Result<()> {
    if let Some(group) = work.group {
        let at = (group.0, work.after, work.last);
        if let Some(to) = to {
            tx.prepare_cached(
                "UPDATE reproject_groups SET after = ?4 WHERE trace_group = ?1 AND after = ?2 AND last = ?3",
            )?
            .execute((at.0, at.1, at.2, to.0))?;
        } else {
            tx.prepare_cached(
                "DELETE FROM reproject_groups WHERE trace_group = ?1 AND after = ?2 AND last = ?3",
            )?
            .execute(at)?;
        }
        return Ok(());
    }
    if (get(tx, AFTER)?, get(tx, TO)?) != (Some(work.after), Some(work.last)) {
        return Ok(());
    }
    if let Some(to) = to {
        return put(tx, AFTER, to.0);
    }
    if let Some(version) = get(tx, RULES)? {
        put(tx, DONE, version)?;
    }
    tx.prepare_cached("DELETE FROM state WHERE key IN (?1, ?2, ?3)")?.execute((RULES, AFTER, TO))?;
    Ok(())
}

fn newest(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT coalesce(max(id), 0) FROM records", [], |row| row.get(0))?)
}

fn get(db: &Connection, key: &str) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT value FROM state WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

fn put(db: &Connection, key: &str, value: i64) -> Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES (?1, ?2)")?.execute((key, value))?;
    Ok(())
}
