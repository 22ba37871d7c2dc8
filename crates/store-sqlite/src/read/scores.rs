//! Scores of runs.

use super::{SqliteReader, find::json_ids};
use crate::{error::Result, schema::sql_value::SqlValue};
use rusqlite::Row;
use turnscope_model::{RunId, Score, ScoreSource, StepId};

/// What is selected of `scores` to read a score.
pub(crate) const SCORE: &str = "id, run_id, step_id, turn, name, value, label, comment, source, created_at";

impl SqliteReader<'_> {
    /// The scores of these runs, oldest first.
    pub(super) fn scores_of(&mut self, runs: &[RunId]) -> Result<Vec<Score>> {
        let sql = format!(
            "SELECT {SCORE} FROM scores WHERE run_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY created_at, id"
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let rows = statement.query_map([json_ids(runs)], score_from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

pub(crate) fn score_from_row(row: &Row<'_>) -> rusqlite::Result<Score> {
    let run_id = RunId::read(row.get_ref(1)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, Box::new(error))
    })?;
    Ok(Score {
        score_id: row.get(0)?,
        run_id,
        step_id: row.get::<_, Option<String>>(2)?.map(|id| StepId::from_client(&id)),
        turn: row.get::<_, Option<i64>>(3)?.and_then(|turn| u64::try_from(turn).ok()),
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
