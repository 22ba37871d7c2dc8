//! Sessions: runs that the application says belong together.

use super::SqliteReader;
use crate::{
    error::{Error, Result, StoreError},
    schema::columns::usage,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use turnscope_model::Costs;
use turnscope_query::{Session, SessionCursor, SessionPage};

/// The sum of a column as an integer, null where nothing is known. SQLite's `sum` fails when it overflows; `total` does
/// not, and is exact up to 2^53.
fn sum(column: &str) -> String {
    format!("CASE WHEN count({column}) > 0 THEN CAST(max(min(total({column}), 9e18), -9e18) AS INTEGER) END")
}

/// Where a list of sessions goes on: after the session with this latest run. Runs that came after the first page leave
/// the order as it was.
struct Place {
    latest: i64,
    /// The last row of `runs` when the first page was read.
    last_row: i64,
    session_id: String,
}

impl Place {
    fn parse(cursor: &SessionCursor) -> Result<Self> {
        let read = |text: &str| {
            let (latest, rest) = text.strip_prefix("sessions,")?.split_once(',')?;
            let (last_row, session_id) = rest.split_once(',')?;
            let session_id = session_id.to_owned();
            Some(Self { latest: latest.parse().ok()?, last_row: last_row.parse().ok()?, session_id })
        };
        let text =
            URL_SAFE_NO_PAD.decode(cursor.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| read(&text)).ok_or(Error::Store(StoreError::BadCursor))
    }

    fn cursor(&self) -> SessionCursor {
        let text = format!("sessions,{},{},{}", self.latest, self.last_row, self.session_id);
        SessionCursor::new(URL_SAFE_NO_PAD.encode(text))
    }
}

impl SqliteReader<'_> {
    /// Sessions, the one with the latest run first.
    pub(super) fn session_page(
        &mut self,
        user: Option<&str>,
        after: Option<&SessionCursor>,
        limit: u32,
        offset: u32,
    ) -> Result<SessionPage> {
        let after = after.map(Place::parse).transpose()?;
        let last_row = match &after {
            Some(place) => place.last_row,
            None => self.db()?.query_row("SELECT coalesce(max(id), 0) FROM runs", [], |row| row.get(0))?,
        };
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
            "SELECT session_id, max(user_id),
                 sum(parent_run_id IS NULL OR NOT EXISTS (SELECT 1 FROM runs p
                     WHERE p.run_id = r.parent_run_id AND p.session_id = r.session_id)),
                 min(started_at), max(last_seen_at),
                 (SELECT f.input_preview FROM runs f WHERE f.session_id = r.session_id ORDER BY f.started_at LIMIT 1),
                 {},
                 max(CASE WHEN id <= ?2 THEN started_at END) AS latest
             FROM runs r WHERE session_id IS NOT NULL AND (?1 IS NULL OR user_id = ?1)
             GROUP BY session_id HAVING latest IS NOT NULL AND (?3 IS NULL OR (latest, session_id) < (?3, ?4))
             ORDER BY latest DESC, session_id DESC LIMIT ?5 OFFSET ?6",
            sums.join(", ")
        );
        let total = self.db()?.query_row(
            "SELECT count(DISTINCT session_id) FROM runs WHERE session_id IS NOT NULL AND (?1 IS NULL OR user_id = ?1)",
            [user],
            |row| row.get(0),
        )?;
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let (latest, id) =
            (after.as_ref().map(|place| place.latest), after.as_ref().map(|place| &place.session_id));
        let rows = statement.query_map((user, last_row, latest, id, limit + 1, offset), |row| {
            let count = |column: usize| -> rusqlite::Result<u64> {
                Ok(row.get::<_, Option<i64>>(column)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
            };
            let place = Place { latest: row.get(17)?, last_row, session_id: row.get(0)? };
            let session = Session {
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
            };
            Ok((place, session))
        })?;
        // A session whose row is damaged is left out; lists of its runs say what is wrong.
        let (mut page, mut last, mut damage) = (SessionPage { total, ..SessionPage::default() }, None, None);
        for (n, row) in (0..).zip(rows) {
            if n == limit {
                page.next = last.as_ref().map(Place::cursor);
                break;
            }
            match row.map_err(Error::from) {
                Ok((place, session)) => {
                    last = Some(place);
                    page.sessions.push(session);
                }
                Err(error) if error.is_damage() => damage = Some(error),
                Err(error) => return Err(error),
            }
        }
        drop(statement);
        if let Some(error) = damage {
            self.readers().damage().note("a session", error.to_string());
        }
        Ok(page)
    }
}
