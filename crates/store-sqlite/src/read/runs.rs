//! Lists of runs: filtered, ordered, in pages, with totals, scores, tags and links.

use super::{SqliteReader, filter_sql::Clause, find::below};
use crate::{
    error::{Error, Result, StoreError},
    schema::columns::{RunRow, SELECT},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::types::Value as Sql;
use std::collections::{BTreeSet, HashMap};
use turnscope_model::{RunId, Score};
use turnscope_query::{ListedRun, Moment, Order, Run, RunCursor, RunFilter, RunPage, RunPageQuery, Totals};

/// Exact totals are counted up to here.
const COUNTED: u64 = 10_000;

/// A run's place in a list: the value that the list is ordered by, and its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) value: i64,
    pub(super) row: i64,
}

impl Position {
    pub(super) fn of(run: &Run, row: i64, order: Order) -> Self {
        let value = match order {
            Order::StartedAt => run.start,
            Order::Duration => run.duration,
            Order::Cost => run.costs.cost.unwrap_or(-1),
            Order::Tokens => run.usage.total_tokens().map_or(-1, crate::schema::sql_value::count),
        };
        Self { value, row }
    }

    /// Reads what [`Position::text`] wrote for the same list.
    pub(super) fn parse(text: &str, list: &str) -> Result<Self> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| {
                let (value, row) = text.strip_prefix(list)?.strip_prefix(',')?.split_once(',')?;
                Some(Self { value: value.parse().ok()?, row: row.parse().ok()? })
            })
            .ok_or(Error::Store(StoreError::BadCursor))
    }

    /// The text of a cursor. It holds the name of its list: a place in one list means nothing in another.
    pub(super) fn text(self, list: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{list},{},{}", self.value, self.row))
    }
}

/// The name, for cursors, of the list of runs in this order and direction.
pub(super) fn list_name(page: &RunPageQuery) -> String {
    let order = Order::NAMES.iter().find(|(order, _)| *order == page.order).map_or("", |(_, name)| name);
    format!("runs,{order},{}", if page.descending { "desc" } else { "asc" })
}

/// The rows of one page, and what could not be read of it.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) runs: Vec<(i64, Run)>,
    pub(super) unreadable: Vec<String>,
    /// The total was counted, up to [`COUNTED`] + 1.
    pub(super) total: Option<u64>,
}

impl SqliteReader<'_> {
    /// One page of the runs that a filter asks for.
    pub(super) fn run_page(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
    ) -> Result<RunPage> {
        let rows = match self.rows_of_page(filter, page, moment) {
            Err(error) if error.is_damage() => {
                self.readers().damage().note("the table of runs", error.to_string());
                self.rows_around_damage(filter, page, moment)?
            }
            rows => rows?,
        };
        let (mut runs, limit, mut unreadable) = (rows.runs, page.limit as usize, rows.unreadable);
        let has_more = runs.len() > limit;
        runs.truncate(limit);
        let listed = self.listed(runs, page, &mut unreadable)?;
        Ok(RunPage {
            next: listed.last().filter(|_| has_more).map(|last| last.cursor.clone()),
            runs: listed,
            total: rows.total.filter(|total| *total <= COUNTED),
            unreadable,
        })
    }

    fn rows_of_page(&mut self, filter: &RunFilter, page: &RunPageQuery, moment: Moment) -> Result<Rows> {
        let clause = self.clause(filter, moment)?;
        let db = self.db()?;
        let total: u64 = db.query_row(
            &format!(
                "SELECT count(*) FROM (SELECT 1 FROM runs r WHERE {} LIMIT {})",
                clause.sql,
                COUNTED + 1
            ),
            rusqlite::params_from_iter(&clause.values),
            |row| row.get(0),
        )?;
        let (sql, values) = page_sql(clause, page)?;
        let mut statement = db.prepare_cached(&sql)?;
        let mut found = statement.query(rusqlite::params_from_iter(&values))?;
        let (mut rows, mut damaged) = (Rows { total: Some(total), ..Rows::default() }, Vec::new());
        while let Some(row) = found.next()? {
            match RunRow::read(row) {
                Ok(read) => rows.runs.push(read),
                Err(error) => damaged.push((row.get::<_, i64>(0)?, error)),
            }
        }
        drop(found);
        drop(statement);
        for (row, error) in damaged {
            rows.unreadable.push(self.note_damaged_row(row, None, &error.into()));
        }
        Ok(rows)
    }

    /// Names a row of `runs` that cannot be read, and has it derived again where its page can be read. `known` is its run, as
    /// far as something else says it.
    pub(super) fn note_damaged_row(&mut self, row: i64, known: Option<RunId>, error: &Error) -> String {
        let identity = |db: &rusqlite::Connection| -> rusqlite::Result<(Vec<u8>, i64)> {
            db.prepare_cached("SELECT run_id, trace_group FROM runs WHERE id = ?1")?
                .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))
        };
        let run_id = match self.db().map(identity) {
            Ok(Ok((run_id, group))) => {
                self.readers().damage().derive_again(turnscope_model::TraceGroupId(group));
                RunId::from_bytes(&run_id).ok()
            }
            _ => known,
        };
        let place = run_id.map_or_else(|| format!("run row {row}"), |id| format!("run {id}"));
        self.readers().damage().note(place.clone(), error.to_string());
        format!("{place}: {error}")
    }

    /// Runs as lists show them: everything for the whole page in a few questions. What cannot be read of them is left out
    /// and named.
    fn listed(
        &mut self,
        rows: Vec<(i64, Run)>,
        page: &RunPageQuery,
        unreadable: &mut Vec<String>,
    ) -> Result<Vec<ListedRun>> {
        let list = list_name(page);
        let ids: Vec<RunId> = rows.iter().map(|(_, run)| run.run_id).collect();
        let roots: BTreeSet<RunId> = rows.iter().map(|(_, run)| run.root_run_id).collect();
        let roots: Vec<RunId> = roots.into_iter().collect();
        let family = self.readable_families(&roots, unreadable)?;
        let mut by_root: HashMap<RunId, Vec<Run>> = HashMap::new();
        for member in family {
            by_root.entry(member.root_run_id).or_default().push(member);
        }
        let mut scores: HashMap<RunId, Vec<Score>> = HashMap::new();
        for score in or_named(self.scores_of(&ids), "scores", unreadable)? {
            scores.entry(score.run_id).or_default().push(score);
        }
        let mut listed = Vec::with_capacity(rows.len());
        for (row, mut run) in rows {
            let name = format!("run {}", run.run_id);
            or_named(self.add_tags(std::iter::once(&mut run)), &format!("tags of {name}"), unreadable)?;
            let family = by_root.get(&run.root_run_id).map_or(&[][..], Vec::as_slice);
            listed.push(ListedRun {
                total: Totals::of(std::iter::once(&run).chain(below(family, run.run_id))),
                scores: scores.remove(&run.run_id).unwrap_or_default(),
                links: or_named(self.links_of(&run), &format!("links of {name}"), unreadable)?,
                cursor: RunCursor::new(Position::of(&run, row, page.order).text(&list)),
                run,
            });
        }
        Ok(listed)
    }

    /// The runs of these families, and the names of those families that cannot be read.
    fn readable_families(&mut self, roots: &[RunId], unreadable: &mut Vec<String>) -> Result<Vec<Run>> {
        match self.families(roots) {
            Err(error) if error.is_damage() => {}
            found => return found,
        }
        let mut found = Vec::new();
        for root in roots {
            let family = self.families(std::slice::from_ref(root));
            found.extend(or_named(family, &format!("child runs of run {root}"), unreadable)?);
        }
        Ok(found)
    }

    /// How SQLite would find a page: a line for each step of its plan. For tests of indexes.
    pub(crate) fn explain_page(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
    ) -> Result<Vec<String>> {
        let (sql, values) = page_sql(self.clause(filter, moment)?, page)?;
        let mut statement = self.db()?.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let lines = statement.query_map(rusqlite::params_from_iter(&values), |row| row.get("detail"))?;
        Ok(lines.collect::<rusqlite::Result<_>>()?)
    }
}

/// What was read; nothing where it is damaged, and then it is named.
fn or_named<T: Default>(read: Result<T>, what: &str, unreadable: &mut Vec<String>) -> Result<T> {
    match read {
        Err(error) if error.is_damage() => {
            unreadable.push(format!("{what}: {error}"));
            Ok(T::default())
        }
        read => read,
    }
}

/// The statement that gives one page and one run more, with its values.
fn page_sql(clause: Clause, page: &RunPageQuery) -> Result<(String, Vec<Sql>)> {
    let key = match page.order {
        Order::StartedAt => "r.started_at",
        Order::Duration => "r.duration",
        Order::Cost => "coalesce(r.cost, -1)",
        Order::Tokens => "coalesce(r.total_tokens, -1)",
    };
    let (direction, beyond) = if page.descending { ("DESC", "<") } else { ("ASC", ">") };
    let mut values: Vec<Sql> = clause.values;
    let mut seek = String::new();
    if let Some(cursor) = &page.after {
        let at = Position::parse(cursor.as_str(), &list_name(page))?;
        values.extend([Sql::from(at.value), Sql::from(at.row)]);
        let (value, row) = (values.len() - 1, values.len());
        seek = format!("AND ({key}, r.id) {beyond} (?{value}, ?{row})");
    }
    let sql = format!(
        "SELECT {} FROM runs r WHERE {} {seek} ORDER BY {key} {direction}, r.id {direction} LIMIT {} OFFSET {}",
        *SELECT,
        clause.sql,
        u64::from(page.limit) + 1,
        page.offset
    );
    Ok((sql, values))
}
