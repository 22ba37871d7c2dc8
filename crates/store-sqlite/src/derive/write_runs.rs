//! Writes the runs of a trace group in the place of those that were there.

use super::{
    pricing::{self, RunCosts},
    run_row::run_row,
    write_scores::write_scores,
};
use crate::{
    error::Result,
    schema::{
        columns::{self, RunRow},
        stored::field,
    },
};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{BTreeMap, BTreeSet};
use turnscope_model::{RunId, TraceGroupId};
use turnscope_project::{RunView, TraceGroup};
use turnscope_query::Run;
use turnscope_store::{Change, Pricing};

/// Replaces the runs of trace groups that are projected together; gives what changed.
pub(super) fn write_runs(
    tx: &Connection,
    members: &[TraceGroupId],
    group: &TraceGroup,
    pricing: Option<&Pricing>,
) -> Result<Vec<Change>> {
    let Some(&leader) = members.first() else { return Ok(Vec::new()) };
    let (mut old, received_at) = take_over(tx, leader, members)?;
    let costs = pricing::costs(&group.projection, pricing);
    let price_key = pricing.map(|pricing| pricing.key);
    let mut changes = Vec::new();
    for (index, view) in group.projection.runs.iter().enumerate() {
        let known = old.remove(&view.run_id.bytes()[..]);
        let mut run = run_row(leader, &group.projection, &group.records, index, received_at, &costs[index]);
        run.continued_by = continued_by(tx, &run)?;
        changes.extend(continue_earlier(tx, &run)?);
        write_run(tx, known, run, view, &costs[index], price_key)?;
        changes.push(Change { run_id: view.run_id, gone: false });
    }
    write_scores(tx, leader, group)?;
    for (run_id, row) in old {
        delete_run_rows(tx, row)?;
        if let Ok(run_id) = RunId::from_bytes(&run_id) {
            changes.push(Change { run_id, gone: true });
        }
    }
    Ok(changes)
}

/// The run of the same session that came first after this one stopped for a person.
fn continued_by(tx: &Connection, run: &Run) -> Result<Option<RunId>> {
    let (Some(session), Some(waiting)) = (&run.session_id, &run.waiting) else { return Ok(None) };
    let found = tx
        .prepare_cached(
            "SELECT run_id FROM runs WHERE session_id = ?1 AND service_name = ?2 AND started_at >= ?3
                 AND root_run_id <> ?4 AND parent_run_id IS NULL ORDER BY started_at, id LIMIT 1",
        )?
        .query_row((session, &run.service_name, waiting.since, run.root_run_id.bytes()), |row| {
            row.get::<_, Vec<u8>>(0)
        })
        .optional()?;
    Ok(found.and_then(|id| RunId::from_bytes(&id).ok()))
}

/// Earlier runs of the session that stopped for a person wait no longer. Gives those that changed.
fn continue_earlier(tx: &Connection, run: &Run) -> Result<Vec<Change>> {
    let Some(session) = run.session_id.as_ref().filter(|_| run.parent_run_id.is_none()) else {
        return Ok(Vec::new());
    };
    let mut changed = Vec::new();
    let mut update = tx.prepare_cached(
        "UPDATE runs SET continued_by = ?1
         WHERE session_id = ?2 AND service_name = ?3 AND waiting_since <= ?4 AND root_run_id <> ?1
             AND coalesce(continued_by, x'') <> ?1
             AND coalesce((SELECT later.started_at FROM runs later WHERE later.run_id = runs.continued_by), ?4 + 1) > ?4
         RETURNING run_id",
    )?;
    let own = run.run_id.bytes();
    let rows =
        update.query_map((own, session, &run.service_name, run.start), |row| row.get::<_, Vec<u8>>(0))?;
    for id in rows {
        if let Ok(run_id) = RunId::from_bytes(&id?) {
            changed.push(Change { run_id, gone: false });
        }
    }
    Ok(changed)
}

/// The rows of runs by run id.
type RunRows = BTreeMap<Vec<u8>, i64>;

/// Marks the members as projected, and gives the leader what people added to runs while their groups stood alone. Gives
/// the rows of the runs that are there, and the latest receipt.
fn take_over(tx: &Connection, leader: TraceGroupId, members: &[TraceGroupId]) -> Result<(RunRows, i64)> {
    let mut old = BTreeMap::new();
    let mut received_at = 0_i64;
    for member in members {
        let mut rows = tx.prepare_cached("SELECT run_id, id FROM runs WHERE trace_group = ?1")?;
        for row in rows.query_map([member.0], |row| Ok((row.get(0)?, row.get(1)?)))? {
            old.extend([row?]);
        }
        received_at = received_at.max(
            tx.prepare_cached("UPDATE trace_groups SET dirty = 0 WHERE id = ?1 RETURNING received_at")?
                .query_row([member.0], |row| row.get(0))?,
        );
        if *member != leader {
            tx.prepare_cached("UPDATE scores SET trace_group = ?2 WHERE trace_group = ?1")?
                .execute((member.0, leader.0))?;
            tx.prepare_cached("UPDATE OR REPLACE tags SET trace_group = ?2 WHERE trace_group = ?1")?
                .execute((member.0, leader.0))?;
        }
    }
    Ok((old, received_at))
}

fn write_run(
    tx: &Connection,
    known: Option<i64>,
    run: Run,
    view: &RunView,
    costs: &RunCosts,
    price_key: Option<i64>,
) -> Result<()> {
    let started_at = run.start;
    let id = write_row(tx, known, &RunRow::new(run, price_key))?;
    write_values(tx, id, started_at, view)?;
    pricing::write_models(tx, id, view, costs)
}

/// Writes a run's row, in the place of the known one; gives its number.
fn write_row(tx: &Connection, known: Option<i64>, row: &RunRow) -> Result<i64> {
    if let Some(id) = known
        && tx
            .prepare_cached(&columns::HAS_SAME_STABLE)?
            .exists(rusqlite::params_from_iter(row.stable_values(id)))?
    {
        tx.prepare_cached(&columns::WRITE_UNSTABLE)?
            .execute(rusqlite::params_from_iter(row.unstable_values(id)))?;
        return Ok(id);
    }
    Ok(tx
        .prepare_cached(&columns::WRITE)?
        .query_row(rusqlite::params_from_iter(row.values(known)), |row| row.get(0))?)
}

/// One value of a run: its field, its text, and when the run began.
type RunValue = (u8, String, i64);

/// Writes what a run holds several of. Most of it is there already when a run is written again.
fn write_values(tx: &Connection, run: i64, started_at: i64, view: &RunView) -> Result<()> {
    let lists = [
        (field::MODEL, &view.models),
        (field::PROVIDER, &view.providers),
        (field::TOOL, &view.tools),
        (field::TAG, &view.tags),
        (field::RISK_TIER, &view.risk_tiers),
    ];
    let texts =
        lists.into_iter().flat_map(|(field, texts)| texts.iter().map(move |text| (field, text.clone())));
    let links =
        view.links.iter().map(|link| (field::LINK, RunId::of_span(link.trace_id, link.span_id).to_string()));
    let wanted: BTreeSet<RunValue> =
        texts.chain(links).map(|(field, text)| (field, text, started_at)).collect();
    let there: BTreeSet<RunValue> = tx
        .prepare_cached(
            "SELECT field, value, started_at FROM run_values INDEXED BY run_values_run WHERE run = ?1",
        )?
        .query_map([run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (field, value, started_at) in there.difference(&wanted) {
        tx.prepare_cached(
            "DELETE FROM run_values WHERE field = ?1 AND value = ?2 AND started_at = ?3 AND run = ?4",
        )?
        .execute((field, value, started_at, run))?;
    }
    for (field, value, started_at) in wanted.difference(&there) {
        tx.prepare_cached("INSERT INTO run_values (field, value, started_at, run) VALUES (?1, ?2, ?3, ?4)")?
            .execute((field, value, started_at, run))?;
    }
    Ok(())
}

/// Deletes the derived rows of a run.
pub(crate) fn delete_run_rows(tx: &Connection, row: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([row])?;
    tx.prepare_cached("DELETE FROM run_values WHERE run = ?1")?.execute([row])?;
    tx.prepare_cached("DELETE FROM run_models WHERE run = ?1")?.execute([row])?;
    Ok(())
}
