//! What people add to runs: scores and tags. They hang on a run id that was current when they were given; when the
//! run's root comes late, they move with the run.

use crate::{Reader, Store, StoreError, writer::now_ms};
use rusqlite::{OptionalExtension as _, Row};
use turnscope_model::{RunId, Score, ScoreSource, StepId};

/// A score to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct NewScore {
    /// The run, already resolved.
    pub run_id: RunId,
    /// The step inside the run, if it is about one.
    pub step_id: Option<StepId>,
    /// The turn inside the run, if it is about one.
    pub turn: Option<u64>,
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: Option<f64>,
    /// The label.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
    /// API or person.
    pub source: ScoreSource,
}

/// New contents of a score; `None` leaves what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreChange {
    /// The figure.
    pub value: Option<f64>,
    /// The label.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
}

impl Store {
    /// Gives a score; `None` when there is no such run.
    pub fn add_score(&self, new: NewScore) -> Result<Option<Score>, StoreError> {
        self.on_writer(move |writer| {
            let tx = writer.db.transaction()?;
            let unit: Option<i64> = tx
                .query_row("SELECT unit FROM runs WHERE run_id = ?1", [new.run_id.bytes()], |row| row.get(0))
                .optional()?;
            let Some(unit) = unit else { return Ok(None) };
            let score_id: String = tx.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?;
            let created_at = now_ms();
            tx.execute(
                "INSERT INTO scores (id, anchor, run_id, unit, step_id, turn, name, value, label, comment, source, created_at)
                 VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                (
                    &score_id,
                    new.run_id.bytes(),
                    unit,
                    new.step_id.as_ref().map(StepId::as_str),
                    new.turn.map(|turn| turn as i64),
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
        })
    }

    /// Changes a score that was given by API or by hand; `None` when there is none of this id.
    pub fn change_score(&self, score_id: &str, change: ScoreChange) -> Result<Option<Score>, StoreError> {
        let id = score_id.to_owned();
        self.on_writer(move |writer| {
            let changed = writer.db.execute(
                "UPDATE scores SET value = coalesce(?2, value), label = coalesce(?3, label), comment = coalesce(?4, comment)
                 WHERE id = ?1 AND source >= 2",
                (&id, change.value, change.label, change.comment),
            )?;
            if changed == 0 {
                return Ok(None);
            }
            let sql = format!("SELECT {SCORE} FROM scores WHERE id = ?1");
            Ok(Some(writer.db.query_row(&sql, [&id], score_from_row)?))
        })
    }

    /// Takes a score back that was given by API or by hand; gives its run.
    pub fn delete_score(&self, score_id: &str) -> Result<Option<RunId>, StoreError> {
        let id = score_id.to_owned();
        self.on_writer(move |writer| {
            let run: Option<Vec<u8>> = writer
                .db
                .query_row(
                    "DELETE FROM scores WHERE id = ?1 AND source >= 2 RETURNING run_id",
                    [&id],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(run.and_then(|bytes| RunId::from_bytes(&bytes).ok()))
        })
    }

    /// Adds tags to a run and takes others away; `false` when there is no such run. Tags that came with telemetry stay.
    pub fn change_tags(
        &self,
        run_id: RunId,
        add: Vec<String>,
        remove: Vec<String>,
    ) -> Result<bool, StoreError> {
        self.on_writer(move |writer| {
            let tx = writer.db.transaction()?;
            let unit: Option<i64> = tx
                .query_row("SELECT unit FROM runs WHERE run_id = ?1", [run_id.bytes()], |row| row.get(0))
                .optional()?;
            let Some(unit) = unit else { return Ok(false) };
            for tag in add {
                tx.execute(
                    "INSERT OR IGNORE INTO tags (anchor, run_id, unit, tag) VALUES (?1, ?1, ?2, ?3)",
                    (run_id.bytes(), unit, tag),
                )?;
            }
            for tag in remove {
                tx.execute(
                    "DELETE FROM tags WHERE unit = ?1 AND run_id = ?2 AND tag = ?3",
                    (unit, run_id.bytes(), tag),
                )?;
            }
            tx.commit()?;
            Ok(true)
        })
    }
}

impl Reader {
    /// The scores of a run, oldest first: its own, its turns' and its steps'.
    pub fn scores(&mut self, run: RunId) -> Result<Vec<Score>, StoreError> {
        let sql = format!("SELECT {SCORE} FROM scores WHERE run_id = ?1 ORDER BY created_at, id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([run.bytes()], score_from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

const SCORE: &str = "id, run_id, step_id, turn, name, value, label, comment, source, created_at";

fn score_from_row(row: &Row<'_>) -> rusqlite::Result<Score> {
    let run: Vec<u8> = row.get(1)?;
    let run_id = RunId::from_bytes(&run).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, Box::new(error))
    })?;
    Ok(Score {
        score_id: row.get(0)?,
        run_id,
        step_id: row.get::<_, Option<String>>(2)?.map(|id| StepId::from_client(&id)),
        turn: row.get(3)?,
        name: row.get(4)?,
        value: row.get(5)?,
        label: row.get(6)?,
        comment: row.get(7)?,
        source: match row.get(8)? {
            0 => ScoreSource::Attribute,
            1 => ScoreSource::Event,
            3 => ScoreSource::Person,
            _ => ScoreSource::Api,
        },
        created_at: row.get(9)?,
    })
}

/// How `scores.source` keeps it; those below 2 are derived from telemetry.
pub(crate) const fn source_number(source: ScoreSource) -> u8 {
    match source {
        ScoreSource::Attribute => 0,
        ScoreSource::Event => 1,
        ScoreSource::Api => 2,
        ScoreSource::Person => 3,
    }
}
