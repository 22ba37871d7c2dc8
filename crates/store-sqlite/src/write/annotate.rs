//! What people add to runs: scores and tags. They hang on a run id that was current when they were given; when the
//! run's root comes late, they move with the run.

use crate::{
    clock::now_ms,
    error::Result,
    schema::{SCORE, score_from_row, source_number, sql_value::count},
};
use rusqlite::{Connection, OptionalExtension as _};
use turnscope_model::{RunId, Score, StepId};
use turnscope_query::{NewScore, ScoreChange};

/// The trace group of a run; `None` when there is no such run.
fn group_of_run(db: &Connection, run: RunId) -> Result<Option<i64>> {
    let sql = "SELECT trace_group FROM runs WHERE run_id = ?1";
    Ok(db.query_row(sql, [run.bytes()], |row| row.get(0)).optional()?)
}

/// Adds a score, or gives the one that has its id; `None` when there is no such run.
pub(crate) fn add_score(db: &mut Connection, new: NewScore) -> Result<Option<Score>> {
    let tx = db.transaction()?;
    let Some(group) = group_of_run(&tx, new.run_id)? else { return Ok(None) };
    if let Some(id) = &new.score_id {
        let sql = format!("SELECT {SCORE} FROM scores WHERE id = ?1");
        if let Some(known) = tx.query_row(&sql, [id], score_from_row).optional()? {
            return Ok(Some(known));
        }
    }
    let score_id = match new.score_id {
        Some(id) => id,
        None => tx.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?,
    };
    let created_at = new.created_at.unwrap_or_else(now_ms);
    tx.execute(
        "INSERT INTO scores (id, anchor, run_id, trace_group, step_id, turn, name, value, label, comment, source,
             created_at)
         VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        (
            &score_id,
            new.run_id.bytes(),
            group,
            new.step_id.as_ref().map(StepId::as_str),
            new.turn.map(count),
            &new.name,
            new.value,
            &new.label,
            &new.comment,
            source_number(new.source),
            created_at,
        ),
    )?;
    tx.commit()?;
    Ok(Some(Score {
        score_id,
        run_id: new.run_id,
        step_id: new.step_id,
        turn: new.turn,
        name: new.name,
        value: new.value,
        label: new.label,
        comment: new.comment,
        source: new.source,
        created_at,
    }))
}

/// Changes a score that a person gave or that came by the API; `None` when there is none.
pub(crate) fn change_score(db: &Connection, score_id: &str, change: &ScoreChange) -> Result<Option<Score>> {
    let changed = db.execute(
        "UPDATE scores SET value = coalesce(?2, value), label = coalesce(?3, label), comment = coalesce(?4, comment)
         WHERE id = ?1 AND source >= 2",
        (score_id, change.value, &change.label, &change.comment),
    )?;
    if changed == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT {SCORE} FROM scores WHERE id = ?1");
    Ok(Some(db.query_row(&sql, [score_id], score_from_row)?))
}

/// Deletes a score that a person gave or that came by the API; gives its run.
pub(crate) fn delete_score(db: &Connection, score_id: &str) -> Result<Option<RunId>> {
    let run: Option<Vec<u8>> = db
        .query_row("DELETE FROM scores WHERE id = ?1 AND source >= 2 RETURNING run_id", [score_id], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(run.and_then(|bytes| RunId::from_bytes(&bytes).ok()))
}

/// Adds and removes tags; `false` when there is no such run.
pub(crate) fn change_tags(
    db: &mut Connection,
    run: RunId,
    add: &[String],
    remove: &[String],
) -> Result<bool> {
    let tx = db.transaction()?;
    let Some(group) = group_of_run(&tx, run)? else { return Ok(false) };
    for tag in add {
        tx.execute(
            "INSERT OR IGNORE INTO tags (anchor, run_id, trace_group, tag) VALUES (?1, ?1, ?2, ?3)",
            (run.bytes(), group, tag),
        )?;
    }
    for tag in remove {
        tx.execute(
            "DELETE FROM tags WHERE trace_group = ?1 AND run_id = ?2 AND tag = ?3",
            (group, run.bytes(), tag),
        )?;
    }
    tx.commit()?;
    Ok(true)
}
