//! Sessions: runs that the application says belong together.

use super::{Reader, run::usage_from_row};
use crate::StoreError;
use turnscope_model::{Costs, Usage};

/// One session's summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// As the application says.
    pub session_id: String,
    /// The user of its latest run that has one.
    pub user_id: Option<String>,
    /// Top-level runs.
    pub run_count: u64,
    /// Turns of all runs.
    pub turn_count: u64,
    /// Failed steps of all runs.
    pub error_count: u64,
    /// Tokens of all runs.
    pub usage: Usage,
    /// What all runs cost.
    pub costs: Costs,
    /// Nanoseconds: the first run's start.
    pub start: i64,
    /// Nanoseconds: the latest sign of life.
    pub last_seen: i64,
    /// The first question.
    pub input_preview: Option<String>,
}

impl Reader {
    /// Sessions, the one with the latest run first.
    pub fn sessions(
        &mut self,
        user: Option<&str>,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT session_id, max(user_id), sum(parent_run_id IS NULL), sum(turn_count), sum(error_count),
                 sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
                 sum(reasoning_tokens), sum(cost), sum(computed_cost), sum(reported_cost),
                 sum(unpriced_calls), min(started_at), max(last_seen_at),
                 (SELECT f.input_preview FROM runs f WHERE f.session_id = r.session_id ORDER BY f.started_at LIMIT 1)
             FROM runs r WHERE session_id IS NOT NULL AND (?1 IS NULL OR user_id = ?1)
             GROUP BY session_id ORDER BY max(started_at) DESC LIMIT ?2 OFFSET ?3",
        )?;
        let rows = statement.query_map((user, limit, offset), |row| {
            Ok(Session {
                session_id: row.get(0)?,
                user_id: row.get(1)?,
                run_count: row.get(2)?,
                turn_count: row.get(3)?,
                error_count: row.get(4)?,
                usage: usage_from_row(row, 5)?,
                costs: Costs {
                    cost: row.get(10)?,
                    computed: row.get(11)?,
                    reported: row.get(12)?,
                    unpriced_calls: row.get(13)?,
                },
                start: row.get(14)?,
                last_seen: row.get(15)?,
                input_preview: row.get(16)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
