//! What records keep for others of their trace group: before they go, the others are made to stand by themselves.

use super::remove_records::write_out;
use crate::{encode::facts_row, error::Result, read::Lists};
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{Kind, RecordId, TraceGroupId};

/// Texts of facts are noted as used where the trace group met them first. When that record goes, another one that shows them
/// takes its place.
pub(super) fn keep_texts(
    tx: &Transaction<'_>,
    members: &[TraceGroupId],
    doomed: &BTreeSet<RecordId>,
) -> Result<()> {
    let mut texts = BTreeSet::new();
    let mut kept = Vec::new();
    for group in members {
        let mut rows =
            tx.prepare_cached("SELECT id, facts FROM records WHERE trace_group = ?1 ORDER BY id")?;
        let mut rows = rows.query([group.0])?;
        while let Some(row) = rows.next()? {
            let (id, facts): (RecordId, Vec<u8>) = (RecordId(row.get(0)?), row.get(1)?);
            let Ok((_, beside)) = facts_row::decode(&facts, Kind::Other) else { continue };
            if doomed.contains(&id) {
                texts.extend(beside.contents());
            } else {
                kept.extend(beside.contents().map(|content| (content, id)));
            }
        }
    }
    for (content, record) in kept {
        if texts.remove(&content) {
            tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?
                .execute((content.0, record.0))?;
        }
    }
    Ok(())
}

/// Writes out the lists of these groups that are coded against a doomed record's.
pub(super) fn write_out_lists(
    tx: &Transaction<'_>,
    members: &[TraceGroupId],
    doomed: &BTreeSet<RecordId>,
) -> Result<()> {
    let mut lists = Lists::default();
    let mut rewritten = Vec::new();
    for group in members {
        let based: Vec<(RecordId, u32, RecordId)> = tx
            .prepare_cached(
                "SELECT x.record, x.slot, x.base_record FROM contexts x JOIN records c ON c.id = x.record
                 WHERE c.trace_group = ?1 AND x.base_record IS NOT NULL",
            )?
            .query_map([group.0], |row| Ok((RecordId(row.get(0)?), row.get(1)?, RecordId(row.get(2)?))))?
            .collect::<rusqlite::Result<_>>()?;
        for (record, slot, base) in based {
            if doomed.contains(&base) && !doomed.contains(&record) {
                rewritten.push((record, slot, lists.read(tx, record, slot)?));
            }
        }
    }
    for (record, slot, list) in rewritten {
        write_out(tx, record, slot, &list)?;
    }
    Ok(())
}
