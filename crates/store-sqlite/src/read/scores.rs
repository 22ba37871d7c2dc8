//! Scores of runs.

use super::{SqliteReader, find::json_ids};
use crate::{
    error::Result,
    schema::{SCORE, score_from_row},
};
use turnscope_model::{RunId, Score};

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
