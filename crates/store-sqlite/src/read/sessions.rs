//! Sessions: runs that the application says belong together.

use super::SqliteReader;
use crate::{
    error::{Error, Result},
    schema::columns::usage,
};
use turnscope_model::Costs;
use turnscope_query::Session;

/// The sum of a column as an integer, null where nothing is known. SQLite's `sum` fails when it overflows; `total` does
/// not, and is exact up to 2^53.
fn sum(column: &str) -> String {
    format!("CASE WHEN count({column}) > 0 THEN CAST(max(min(total({column}), 9e18), -9e18) AS INTEGER) END")
}

impl SqliteReader<'_> {
    /// Sessions, the one with the latest run first.
    pub(super) fn session_list(
        &mut self,
        user: Option<&str>,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<Session>> {
        let sums: Vec<String> = [
            "turn_count",
            "error_count",
            "unpriced_calls",
            "cost",
            "computed_cost",
            "reported_cost",
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "reasoning_tokens",
        ]
        .map(sum)
        .into();
        let sql = format!(
            "SELECT session_id, max(user_id), sum(parent_run_id IS NULL), min(started_at), max(last_seen_at),
                 (SELECT f.input_preview FROM runs f WHERE f.session_id = r.session_id ORDER BY f.started_at LIMIT 1),
                 {}
             FROM runs r WHERE session_id IS NOT NULL AND (?1 IS NULL OR user_id = ?1)
             GROUP BY session_id ORDER BY max(started_at) DESC LIMIT ?2 OFFSET ?3",
            sums.join(", ")
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let rows = statement.query_map((user, limit, offset), |row| {
            let count = |column: usize| -> rusqlite::Result<u64> {
                Ok(row.get::<_, Option<i64>>(column)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
            };
            Ok(Session {
                session_id: row.get(0)?,
                user_id: row.get(1)?,
                run_count: row.get(2)?,
                start: row.get(3)?,
                last_seen: row.get(4)?,
                input_preview: row.get(5)?,
                turn_count: count(6)?,
                error_count: count(7)?,
                costs: Costs {
                    unpriced_calls: count(8)?,
                    cost: row.get(9)?,
                    computed: row.get(10)?,
                    reported: row.get(11)?,
                },
                usage: usage(row, 12)?,
            })
        })?;
        // A session whose row is damaged is left out; lists of its runs say what is wrong.
        let (mut sessions, mut damage) = (Vec::new(), None);
        for row in rows {
            match row.map_err(Error::from) {
                Ok(session) => sessions.push(session),
                Err(error) if error.is_damage() => damage = Some(error),
                Err(error) => return Err(error),
            }
        }
        drop(statement);
        if let Some(error) = damage {
            self.readers().damage().note("a session", error.to_string());
        }
        Ok(sessions)
    }
}
