//! Lists of runs around damaged pages: row by row, so that a page that cannot be read costs the runs on it and no others.

use super::{
    SqliteReader,
    filter_sql::Clause,
    runs::{Position, Rows, list_name},
};
use crate::{
    damage::ids_until_damage,
    error::{Error, Result},
    schema::columns::{RunRow, SELECT},
};
use rusqlite::{Connection, Row, types::Value as Sql};
use std::collections::HashMap;
use turnscope_model::RunId;
use turnscope_query::{Moment, RunFilter, RunPageQuery};

/// Unreadable places named at most.
const NAMED: usize = 200;

impl SqliteReader<'_> {
    /// The rows of one page, each read by itself. Slow, and without a total; only for a table that is damaged.
    pub(super) fn rows_around_damage(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
    ) -> Result<Rows> {
        let clause = self.clause(filter, moment)?;
        let after = page
            .after
            .as_ref()
            .map(|cursor| Position::parse(cursor.as_str(), &list_name(page)))
            .transpose()?;
        let mut rows = Rows::default();
        let select = format!("SELECT {} FROM runs r", *SELECT);
        let damaged = self.each_row_around_damage(&select, &clause, |row| {
            rows.runs.push(RunRow::read(row)?);
            Ok(())
        })?;
        let ids = if damaged.is_empty() { HashMap::new() } else { known_ids(self.db()?) };
        let more = damaged.len().saturating_sub(NAMED);
        let reason = damaged.last().map(|(_, error)| error.to_string()).unwrap_or_default();
        for (row, error) in damaged.into_iter().take(NAMED) {
            rows.unreadable.push(self.note_damaged_row(row, ids.get(&row).copied(), &error));
        }
        if more > 0 {
            rows.unreadable.push(format!("{more} more runs: {reason}"));
        }
        let place = |row: &(i64, turnscope_query::Run)| {
            let at = Position::of(&row.1, row.0, page.order);
            if page.descending { (at.value.saturating_neg(), -at.row) } else { (at.value, at.row) }
        };
        rows.runs.sort_by_key(place);
        if let Some(after) = after {
            let (value, row) = (after.value, after.row);
            let from = if page.descending { (value.saturating_neg(), -row) } else { (value, row) };
            rows.runs.retain(|one| place(one) > from);
        }
        let offset = (page.offset as usize).min(rows.runs.len());
        rows.runs.drain(..offset);
        rows.runs.truncate(page.limit as usize + 1);
        Ok(rows)
    }

    /// The last row of `runs`.
    pub(super) fn last_row(&mut self) -> Result<i64> {
        let db = self.db()?;
        let last = db.query_row("SELECT coalesce(max(id), 0) FROM runs", [], |row| row.get(0));
        match last.map_err(Error::from) {
            Err(error) if error.is_damage() => Ok(known_rows(db).last().copied().unwrap_or(0)),
            last => last,
        }
    }

    /// Hands over what a statement without conditions gives for each run `r` that matches, and asks for each by itself. Gives
    /// the rows that cannot be read.
    pub(super) fn each_row_around_damage(
        &mut self,
        select: &str,
        clause: &Clause,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<Vec<(i64, Error)>> {
        let db = self.db()?;
        let mut values = clause.values.clone();
        values.push(Sql::Null);
        let sql = format!("{select} WHERE r.id = ?{} AND {}", values.len(), clause.sql);
        let mut damaged = Vec::new();
        for row in known_rows(db) {
            if let Some(last) = values.last_mut() {
                *last = Sql::Integer(row);
            }
            let mut read = || -> Result<()> {
                let mut one = db.prepare_cached(&sql)?;
                let mut rows = one.query(rusqlite::params_from_iter(&values))?;
                while let Some(row) = rows.next()? {
                    take(row)?;
                }
                Ok(())
            };
            match read() {
                Err(error) if error.is_damage() => damaged.push((row, error)),
                read => read?,
            }
        }
        Ok(damaged)
    }
}

/// The run ids of the rows of `runs`, from their index: it can often be read where the table cannot.
fn known_ids(db: &Connection) -> HashMap<i64, RunId> {
    let mut found = HashMap::new();
    for direction in ["ASC", "DESC"] {
        let sql = format!(
            "SELECT id, run_id FROM runs INDEXED BY sqlite_autoindex_runs_1 ORDER BY run_id {direction}"
        );
        let Ok(mut statement) = db.prepare(&sql) else { break };
        let Ok(mut rows) = statement.query([]) else { break };
        while let Ok(Some(row)) = rows.next() {
            let ids = (row.get::<_, i64>(0), row.get::<_, Vec<u8>>(1));
            if let (Ok(id), Ok(run_id)) = ids
                && let Ok(run_id) = RunId::from_bytes(&run_id)
            {
                found.insert(id, run_id);
            }
        }
    }
    found
}

/// The ids of all rows of `runs`, from whichever index can be read furthest.
fn known_rows(db: &Connection) -> Vec<i64> {
    let mut found = std::collections::BTreeSet::new();
    for (index, column) in [
        ("runs_by_started", "started_at"),
        ("runs_narrow", "id"),
        ("runs_unit", "trace_group"),
        ("runs_service", "service_name"),
    ] {
        for direction in ["ASC", "DESC"] {
            let sql = format!("SELECT id FROM runs INDEXED BY {index} ORDER BY {column} {direction}");
            let (ids, whole) = ids_until_damage(db, &sql);
            found.extend(ids);
            if whole {
                return found.into_iter().collect();
            }
        }
    }
    found.into_iter().collect()
}
