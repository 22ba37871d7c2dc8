//! Sessions: runs that the application says belong together.

use super::{SqliteReader, filter_sql::Clause};
use crate::{
    error::{Error, Result, StoreError},
    schema::columns::usage,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::{HashMap, HashSet};
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

    /// What the list is ordered by.
    fn key(&self) -> (i64, &str) {
        (self.latest, &self.session_id)
    }

    fn cursor(&self) -> SessionCursor {
        let text = format!("sessions,{},{},{}", self.latest, self.last_row, self.session_id);
        SessionCursor::new(URL_SAFE_NO_PAD.encode(text))
    }
}

/// Sessions counted at most.
const COUNTED: u32 = 10_000;

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
            None => self.last_row()?,
        };
        let wanted = u64::from(offset) + u64::from(limit) + 1;
        let found = match user {
            Some(user) => of_user(self.db()?, user, last_row),
            None => all(self.db()?, after.as_ref(), last_row, wanted),
        };
        let (mut places, total) = match found {
            Err(error) if error.is_damage() => self.places_around_damage(user, last_row)?,
            found => found?,
        };
        let db = self.db()?;
        places.sort_unstable_by(|a, b| b.key().cmp(&a.key()));
        if let Some(after) = &after {
            places.retain(|place| place.key() < after.key());
        }
        let places: Vec<Place> = places.into_iter().skip(offset as usize).take(limit as usize + 1).collect();
        let has_more = places.len() > limit as usize;
        // A session whose row is damaged is left out; lists of its runs say what is wrong.
        let (mut page, mut damage) = (SessionPage { total, ..SessionPage::default() }, None);
        for place in places.iter().take(limit as usize) {
            match session(db, &place.session_id, user) {
                Ok(session) => page.sessions.extend(session),
                Err(error) if error.is_damage() => damage = Some(error),
                Err(error) => return Err(error),
            }
        }
        if has_more {
            page.next = places.iter().take(limit as usize).next_back().map(Place::cursor);
        }
        if let Some(error) = damage {
            self.readers().damage().note("a session", error.to_string());
        }
        Ok(page)
    }

    /// The sessions of those runs that can be read, and how many these are: slow, and only for a table that is damaged.
    fn places_around_damage(&mut self, user: Option<&str>, last_row: i64) -> Result<(Vec<Place>, u64)> {
        let mut latest: HashMap<String, i64> = HashMap::new();
        let select = "SELECT r.session_id, r.user_id, r.started_at, r.id FROM runs r";
        self.each_row_around_damage(select, &Clause::of_all(), |row| {
            let (session, of_user): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
            let (start, id): (i64, i64) = (row.get(2)?, row.get(3)?);
            if let Some(session) = session
                && id <= last_row
                && user.is_none_or(|user| of_user.as_deref() == Some(user))
            {
                let known = latest.entry(session).or_insert(start);
                *known = start.max(*known);
            }
            Ok(())
        })?;
        let total = latest.len() as u64;
        let place = |(session_id, latest)| Place { latest, last_row, session_id };
        Ok((latest.into_iter().map(place).collect(), total))
    }

    /// One session; `None` when no run is in it, or its runs cannot be read.
    pub(super) fn one_session(&mut self, id: &str) -> Result<Option<Session>> {
        match session(self.db()?, id, None) {
            Err(error) if error.is_damage() => {
                self.readers().damage().note("a session", error.to_string());
                Ok(None)
            }
            read => read,
        }
    }
}

/// The sessions from a place on, and how many there are in all.
fn all(db: &Connection, after: Option<&Place>, last_row: i64, wanted: u64) -> Result<(Vec<Place>, u64)> {
    Ok((newest(db, after, last_row, wanted)?, count(db)?))
}

/// At least so many sessions from a place on, in no order: those that the newest runs are in.
fn newest(db: &Connection, after: Option<&Place>, last_row: i64, wanted: u64) -> Result<Vec<Place>> {
    let mut found: Vec<Place> = Vec::new();
    let mut met = HashSet::new();
    let mut latest_of = db.prepare_cached(
        "SELECT max(started_at) FROM runs INDEXED BY runs_session WHERE session_id = ?1 AND id <= ?2",
    )?;
    let mut statement = db.prepare_cached(
        "SELECT session_id, started_at FROM runs INDEXED BY runs_by_started
         WHERE started_at <= ?1 AND session_id IS NOT NULL AND id <= ?2 ORDER BY started_at DESC, id DESC",
    )?;
    let from = after.map_or(i64::MAX, |place| place.latest);
    let mut rows = statement.query((from, last_row))?;
    while let Some(row) = rows.next()? {
        let (session_id, started_at): (String, i64) = (row.get(0)?, row.get(1)?);
        // Those that began together are told apart by name: all of them are wanted.
        if found.len() as u64 >= wanted && found.last().is_some_and(|last| last.latest > started_at) {
            break;
        }
        if !met.insert(session_id.clone()) {
            continue;
        }
        // Where a later run of it stands before the place, it was given already.
        let latest: i64 = latest_of.query_row((&session_id, last_row), |row| row.get(0))?;
        let place = Place { latest, last_row, session_id };
        if latest == started_at && after.is_none_or(|after| place.key() < after.key()) {
            found.push(place);
        }
    }
    Ok(found)
}

/// All sessions of a user, in no order, and how many there are.
fn of_user(db: &Connection, user: &str, last_row: i64) -> Result<(Vec<Place>, u64)> {
    let mut statement = db.prepare_cached(
        "SELECT session_id, max(CASE WHEN id <= ?2 THEN started_at END) FROM runs INDEXED BY runs_user
         WHERE user_id = ?1 AND session_id IS NOT NULL GROUP BY session_id",
    )?;
    let (mut places, mut total) = (Vec::new(), 0);
    let rows = statement
        .query_map((user, last_row), |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?)))?;
    for row in rows {
        let (session_id, latest) = row?;
        total += 1;
        places.extend(latest.map(|latest| Place { latest, last_row, session_id }));
    }
    Ok((places, total))
}

/// How many sessions there are, up to one more than are counted: from one to the next, over all runs of each.
fn count(db: &Connection) -> Result<u64> {
    let mut statement = db.prepare_cached(
        "WITH RECURSIVE each (id) AS (
             SELECT min(session_id) FROM runs WHERE session_id IS NOT NULL
             UNION ALL
             SELECT (SELECT min(r.session_id) FROM runs r WHERE r.session_id > each.id) FROM each WHERE each.id IS NOT NULL
             LIMIT ?1)
         SELECT count(id) FROM each",
    )?;
    Ok(statement.query_row([COUNTED + 1], |row| row.get(0))?)
}

/// Whether a run is one of its session's topmost: no other run of the session started it.
const IS_TOPMOST: &str = "(r.parent_run_id IS NULL OR NOT EXISTS (SELECT 1 FROM runs p
    WHERE p.run_id = r.parent_run_id AND p.session_id = r.session_id))";

/// One session, with what its runs sum up to; a user's runs only where one is given. `None` when there are none.
fn session(db: &Connection, session_id: &str, user: Option<&str>) -> Result<Option<Session>> {
    let sums: Vec<String> = [
        "turn_count",
        "tool_call_count",
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
        "SELECT session_id, max(user_id), sum({IS_TOPMOST}),
             CAST(min(total(CASE WHEN {IS_TOPMOST} THEN duration END), 9e18) AS INTEGER), min(started_at), max(last_seen_at),
             (SELECT f.input_preview FROM runs f WHERE f.session_id = r.session_id ORDER BY f.started_at LIMIT 1),
             {}
         FROM runs r INDEXED BY runs_session WHERE session_id = ?1 AND (?2 IS NULL OR user_id = ?2) GROUP BY session_id",
        sums.join(", ")
    );
    let read = |row: &Row<'_>| {
        let count = |column: usize| -> rusqlite::Result<u64> {
            Ok(row.get::<_, Option<i64>>(column)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
        };
        Ok(Session {
            session_id: row.get(0)?,
            user_id: row.get(1)?,
            run_count: row.get(2)?,
            duration: row.get(3)?,
            start: row.get(4)?,
            last_seen: row.get(5)?,
            input_preview: row.get(6)?,
            turn_count: count(7)?,
            tool_call_count: count(8)?,
            error_count: count(9)?,
            costs: Costs {
                unpriced_calls: count(10)?,
                cost: row.get(11)?,
                computed: row.get(12)?,
                reported: row.get(13)?,
            },
            usage: usage(row, 14)?,
        })
    };
    Ok(db.prepare_cached(&sql)?.query_row((session_id, user), read).optional()?)
}
