//! Lists of runs: filtered, ordered, in pages, with totals, scores, tags and links.

use super::{
    SqliteReader,
    filter_sql::Clause,
    find::below,
    run_source::{self, Driver, Plan, Source},
};
use crate::{
    error::{Error, Result, StoreError},
    schema::columns::{RunRow, SELECT},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::Connection;
use std::collections::{BTreeSet, HashMap};
use turnscope_model::{RunId, Score};
use turnscope_query::{ListedRun, Moment, Order, Run, RunCursor, RunFilter, RunPage, RunPageQuery, Totals};

/// Runs looked at for a total.
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
        let texts = self.groups_of_texts(filter)?;
        let db = self.db()?;
        let Plan { source, clause } =
            run_source::choose(db, filter, texts, moment, page.order, run_source::GATHERED)?;
        let (places, total) = match &source {
            Source::Gathered(drivers) => gathered(db, drivers, &clause, page)?,
            _ => walked(db, &source, clause, page)?,
        };
        let mut rows = Rows { total, ..Rows::default() };
        let mut damaged = Vec::new();
        {
            let mut one = db.prepare_cached(&format!("SELECT {} FROM runs r WHERE r.id = ?1", *SELECT))?;
            for row in places {
                match one.query_row([row], RunRow::read) {
                    Ok(read) => rows.runs.push(read),
                    Err(error) => damaged.push((row, Error::from(error))),
                }
            }
        }
        for (row, error) in damaged {
            if !matches!(error, Error::Sqlite(rusqlite::Error::FromSqlConversionFailure(..))) {
                return Err(error); // its page is damaged: others may be too
            }
            rows.unreadable.push(self.note_damaged_row(row, None, &error));
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

    /// How SQLite would find a page: a line for each step of its plans. Lists of more than `gathered` runs
    /// count as long. For tests of indexes.
    pub(crate) fn explain_page(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
        gathered: u32,
    ) -> Result<Vec<String>> {
        let texts = self.groups_of_texts(filter)?;
        let db = self.db()?;
        let Plan { source, mut clause } =
            run_source::choose(db, filter, texts, moment, page.order, gathered)?;
        let statements = match &source {
            Source::Gathered(drivers) => {
                drivers.iter().map(|driver| gather_sql(driver, &clause, page.order)).collect()
            }
            _ => vec![page_sql(&source, &mut clause, page)?],
        };
        let mut lines = Vec::new();
        for sql in statements {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values = clause.values.iter().take(statement.parameter_count());
            let plan = statement.query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))?;
            lines.extend(plan.collect::<rusqlite::Result<Vec<String>>>()?);
        }
        Ok(lines)
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

/// The rows of a page and one more, and how many there are in all, where that is known.
type Places = (Vec<i64>, Option<u64>);

/// A page of what these lists hold, which is sorted here.
fn gathered(db: &Connection, drivers: &[Driver], clause: &Clause, page: &RunPageQuery) -> Result<Places> {
    let mut found: Vec<(i64, i64)> = Vec::new();
    for driver in drivers {
        let mut statement = db.prepare_cached(&gather_sql(driver, clause, page.order))?;
        let values = clause.values.iter().take(statement.parameter_count());
        let rows =
            statement.query_map(rusqlite::params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            found.push(row?);
        }
    }
    found.sort_unstable();
    found.dedup();
    if page.descending {
        found.reverse();
    }
    let total = found.len() as u64;
    if let Some(at) = position(page)? {
        let after = |place: &(i64, i64)| {
            let at = (at.value, at.row);
            if page.descending { *place < at } else { *place > at }
        };
        found.retain(after);
    }
    let wanted = found.into_iter().skip(page.offset as usize).take(page.limit as usize + 1);
    Ok((wanted.map(|(_, row)| row).collect(), Some(total)))
}

/// The statement that gives the runs of one list that match, each with what it is ordered by.
fn gather_sql(driver: &Driver, clause: &Clause, order: Order) -> String {
    format!("SELECT {}, r.id FROM {} {}", run_source::index_of(order).1, driver.runs(), clause.sql)
}

/// A page of what is met on a walk in the order.
fn walked(db: &Connection, source: &Source, mut clause: Clause, page: &RunPageQuery) -> Result<Places> {
    let counted = match source {
        Source::Walked(_) => None, // the list is longer than what is looked at
        Source::Free => count_matching(db, &clause)?,
        _ => count_ordered(db, &clause)?,
    };
    let sql = page_sql(source, &mut clause, page)?;
    let mut statement = db.prepare_cached(&sql)?;
    let values = clause.values.iter().take(statement.parameter_count());
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    let rows: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    let is_all =
        page.after.is_none() && rows.len() <= page.limit as usize && !(rows.is_empty() && page.offset > 0);
    let total = if is_all { Some(u64::from(page.offset) + rows.len() as u64) } else { counted };
    Ok((rows, total))
}

/// How many runs match, up to [`COUNTED`].
fn count_matching(db: &Connection, clause: &Clause) -> Result<Option<u64>> {
    let sql =
        format!("SELECT count(*) FROM (SELECT 1 FROM runs r WHERE {} LIMIT {})", clause.sql, COUNTED + 1);
    let mut statement = db.prepare_cached(&sql)?;
    let values = clause.values.iter().take(statement.parameter_count());
    let found: u64 = statement.query_row(rusqlite::params_from_iter(values), |row| row.get(0))?;
    Ok((found <= COUNTED).then_some(found))
}

/// How many runs match, if no more than [`COUNTED`] have to be looked at to know.
fn count_ordered(db: &Connection, clause: &Clause) -> Result<Option<u64>> {
    let sql =
        format!("SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_narrow LIMIT {})", COUNTED + 1);
    let all: u64 = db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
    if all > COUNTED { Ok(None) } else { count_matching(db, clause) }
}

fn position(page: &RunPageQuery) -> Result<Option<Position>> {
    page.after.as_ref().map(|cursor| Position::parse(cursor.as_str(), &list_name(page))).transpose()
}

/// The statement that gives the rows of one page and one more.
fn page_sql(source: &Source, clause: &mut Clause, page: &RunPageQuery) -> Result<String> {
    let (key, row) = source.order_by(page.order);
    let (direction, beyond) = if page.descending { ("DESC", "<") } else { ("ASC", ">") };
    let mut seek = String::new();
    if let Some(at) = position(page)? {
        seek = format!("AND ({key}, {row}) {beyond} ({}, {})", clause.bind(at.value), clause.bind(at.row));
    }
    Ok(format!(
        "SELECT r.id FROM {} {} {seek} ORDER BY {key} {direction}, {row} {direction} LIMIT {} OFFSET {}",
        source.runs(page.order),
        clause.sql,
        u64::from(page.limit) + 1,
        page.offset
    ))
}
