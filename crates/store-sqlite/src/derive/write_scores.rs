//! Replaces the scores that came with telemetry, and moves those given by hand to the run that they now belong to.

use crate::{
    error::Result,
    schema::{source_number, sql_value::nanos},
};
use rusqlite::Connection;
use turnscope_model::{ContentHash, Form, RunId, TraceGroupId};
use turnscope_project::TraceGroup;

/// Writes the scores of a trace group again.
pub(super) fn write_scores(tx: &Connection, leader: TraceGroupId, group: &TraceGroup) -> Result<()> {
    let has_any: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM scores WHERE trace_group = ?1)
                 OR EXISTS (SELECT 1 FROM tags WHERE trace_group = ?1)",
        )?
        .query_row([leader.0], |row| row.get(0))?;
    if has_any {
        tx.prepare_cached("DELETE FROM scores WHERE trace_group = ?1 AND source < 2")?.execute([leader.0])?;
        move_anchors(tx, leader, group)?;
    }
    let projection = &group.projection;
    for step in &projection.steps {
        let Some(run) = step.run.map(|run| &projection.runs[run]) else { continue };
        for record in step.record.iter().chain(&step.joined).map(|record| &group.records[*record]) {
            for (nth, score) in record.facts.scores.iter().enumerate() {
                let key = format!("{}:{}:{}:{nth}:{}", run.run_id, step.step_id, record.id, score.name);
                let id = ContentHash::of(Form::Text, key.as_bytes());
                let is_run = run.root.is_some() && run.root == step.record;
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO scores (id, anchor, run_id, trace_group, step_id, turn, name, value, label,
                         comment, source, created_at)
                     VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute((
                    id.to_string(),
                    run.run_id.bytes(),
                    leader.0,
                    (!is_run).then_some(step.step_id.as_str()),
                    step.turn.filter(|_| !is_run).map(nanos),
                    &score.name,
                    score.value,
                    &score.label,
                    &score.comment,
                    source_number(score.source),
                    nanos(record.start) / 1_000_000,
                ))?;
            }
        }
    }
    Ok(())
}

/// Scores and tags given by hand hang on a run id; when that run is now part of another one, they follow it.
fn move_anchors(tx: &Connection, leader: TraceGroupId, group: &TraceGroup) -> Result<()> {
    for table in ["scores", "tags"] {
        let anchors: Vec<Vec<u8>> = tx
            .prepare_cached(&format!("SELECT DISTINCT anchor FROM {table} WHERE trace_group = ?1"))?
            .query_map([leader.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for anchor in anchors {
            let Some(run) = RunId::from_bytes(&anchor).ok().and_then(|id| run_of(group, id)) else {
                continue;
            };
            tx.prepare_cached(&format!(
                "UPDATE {table} SET run_id = ?3 WHERE trace_group = ?1 AND anchor = ?2"
            ))?
            .execute((leader.0, anchor, run.bytes()))?;
        }
    }
    Ok(())
}

/// The run that an id means now: the one with this id, else the one that the span of this id belongs to.
fn run_of(group: &TraceGroup, id: RunId) -> Option<RunId> {
    let projection = &group.projection;
    let exact = projection.runs.iter().position(|run| run.run_id == id);
    let index = exact.or_else(|| {
        let span = (Some(id.trace_part()), Some(id.span_part()));
        let is_span = |record: &usize| {
            let record = &group.records[*record];
            (record.trace_id, record.span_id) == span
        };
        projection.steps.iter().find(|step| step.record.iter().chain(&step.joined).any(is_span))?.run
    });
    index.map(|index| projection.runs[index].run_id)
}
