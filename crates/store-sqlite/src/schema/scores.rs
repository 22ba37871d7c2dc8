//! The columns of a score.

use super::sql_value::SqlValue as _;
use rusqlite::Row;
use turnscope_model::{RunId, Score, ScoreSource, StepId};

/// What is selected of `scores` to read a score.
pub(crate) const SCORE: &str = "id, run_id, step_id, turn, name, value, label, comment, source, created_at";

/// Reads a row of [`SCORE`].
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

/// How `scores.source` keeps it; those below 2 are derived from telemetry.
pub(crate) const fn source_number(source: ScoreSource) -> u8 {
    match source {
        ScoreSource::Attribute => 0,
        ScoreSource::Event => 1,
        ScoreSource::Api => 2,
        ScoreSource::Person => 3,
    }
}
