//! Deletes one of several runs of a unit: what the other runs' records rest upon must stay.

use crate::{
    StoreError, blocks::Blocks, content::Lists, facts_row, projector::group_of, sweep::Sweep, writer::Writer,
};
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{Kind, RunId};

/// Deletes one of several runs of a unit, with its child runs.
pub(crate) fn delete_part(writer: &mut Writer, unit: i64, run: RunId) -> Result<(), StoreError> {
    let group = group_of(&writer.db, unit)?;
    let view = {
        let mut blocks = Blocks::new();
        let nodes = crate::nodes::load(&writer.db, &mut blocks, &group)?;
        let projection = crate::projector::project_group(&writer.db, &group, &nodes)?;
        crate::query::UnitView { nodes, projection }
    };
    let Some(above) = view.run_index(run) else { return Ok(()) };
    let mut doomed: BTreeSet<i64> = view
        .projection
        .steps
        .iter()
        .filter(|step| step.run.is_some_and(|run| view.is_within(run, above)))
        .flat_map(|step| step.node.into_iter().chain(step.joined.iter().copied()))
        .map(|node| view.nodes[node].row)
        .collect();
    let tx = writer.db.transaction()?;
    add_replaced_versions(&tx, &group, &mut doomed)?;
    keep_lists_whole(&tx, &group, &doomed)?;
    keep_texts(&tx, &group, &doomed)?;
    let mut sweep = Sweep::default();
    for row in &doomed {
        sweep.record(&tx, *row)?;
    }
    for (index, gone) in view.projection.runs.iter().enumerate() {
        if view.is_within(index, above) {
            let id = gone.run_id;
            tx.prepare_cached("DELETE FROM scores WHERE run_id = ?1")?.execute([id.bytes()])?;
            tx.prepare_cached("DELETE FROM tags WHERE unit = ?1 AND run_id = ?2")?
                .execute((unit, id.bytes()))?;
        }
    }
    tx.prepare_cached("UPDATE units SET dirty = 1, spans = max(0, spans - ?2) WHERE id = ?1")?
        .execute((unit, doomed.len()))?;
    sweep.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    writer.projector.add(unit);
    writer.project(true);
    Ok(())
}

/// Versions of the same spans that later ones replaced.
fn add_replaced_versions(
    tx: &Transaction<'_>,
    group: &[i64],
    doomed: &mut BTreeSet<i64>,
) -> Result<(), StoreError> {
    for unit in group {
        let replaced: Vec<(i64, i64)> = tx
            .prepare_cached(
                "SELECT old.id, new.id FROM records old JOIN records new
                     ON new.trace = old.trace AND new.span = old.span AND new.role & 15 < 2
                 WHERE old.unit = ?1 AND old.role & 15 = 15",
            )?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (old, new) in replaced {
            if doomed.contains(&new) {
                doomed.insert(old);
            }
        }
    }
    Ok(())
}

/// Texts of facts are noted as used where the unit met them first. When that record goes, another one that shows them
/// takes its place.
fn keep_texts(tx: &Transaction<'_>, group: &[i64], doomed: &BTreeSet<i64>) -> Result<(), StoreError> {
    let mut texts = BTreeSet::new();
    let mut kept = Vec::new();
    for unit in group {
        let mut rows = tx.prepare_cached("SELECT id, facts FROM records WHERE unit = ?1 ORDER BY id")?;
        let mut rows = rows.query([unit])?;
        while let Some(row) = rows.next()? {
            let (id, facts): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
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
                .execute((content, record))?;
        }
    }
    Ok(())
}

/// Writes out the lists that are coded against a doomed record's.
fn keep_lists_whole(tx: &Transaction<'_>, group: &[i64], doomed: &BTreeSet<i64>) -> Result<(), StoreError> {
    let mut lists = Lists::default();
    let mut rewritten = Vec::new();
    for unit in group {
        let based: Vec<(i64, u32, i64)> = tx
            .prepare_cached(
                "SELECT x.record, x.hole, x.base_record FROM contexts x JOIN records c ON c.id = x.record
                 WHERE c.unit = ?1 AND x.base_record IS NOT NULL",
            )?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (record, hole, base) in based {
            if doomed.contains(&base) && !doomed.contains(&record) {
                rewritten.push((record, hole, lists.read(tx, record, hole)?));
            }
        }
    }
    for (record, hole, list) in rewritten {
        let coded = crate::contexts::encode(&list, &[]);
        tx.prepare_cached(
            "UPDATE contexts SET base_record = NULL, base_hole = NULL, ops = ?3 WHERE record = ?1 AND hole = ?2",
        )?
        .execute((record, hole, coded.ops))?;
        for content in coded.literals {
            tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?
                .execute((content, record))?;
        }
    }
    Ok(())
}
