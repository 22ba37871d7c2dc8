//! Lists of runs: filtered, ordered, in pages.

use super::{
    Reader,
    filter::{self, Clause, Moment, Order, RunFilter},
    run::{COLUMNS, Run},
};
use crate::StoreError;
use rusqlite::types::Value as Sql;

/// Exact totals are counted up to here.
const COUNTED: i64 = 10_000;

/// Which part of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u32,
    /// Where the page before ended: the order's value and the row there.
    pub after: Option<(i64, i64)>,
    /// By what.
    pub order: Order,
    /// Largest or latest first.
    pub descending: bool,
}

/// One page of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// The runs.
    pub runs: Vec<Run>,
    /// Where the next page goes on, if there is one.
    pub next: Option<(i64, i64)>,
    /// How many there are in all; `None` above 10,000.
    pub total: Option<u64>,
}

impl Reader {
    /// One page of the runs that a filter asks for.
    pub fn runs(&mut self, wanted: &RunFilter, page: &Page, moment: Moment) -> Result<Runs, StoreError> {
        let clause = filter::clause(wanted, moment);
        let total: i64 = self.db.query_row(
            &format!(
                "SELECT count(*) FROM (SELECT 1 FROM runs r WHERE {} LIMIT {})",
                clause.sql,
                COUNTED + 1
            ),
            rusqlite::params_from_iter(&clause.values),
            |row| row.get(0),
        )?;
        let (sql, values) = page_sql(clause, page);
        let mut runs = self.runs_by(&sql, rusqlite::params_from_iter(&values))?;
        let more = runs.len() > page.limit as usize;
        runs.truncate(page.limit as usize);
        let next = runs.last().filter(|_| more).map(|run| run.position(page.order));
        Ok(Runs { runs, next, total: u64::try_from(total).ok().filter(|_| total <= COUNTED) })
    }

    /// How SQLite would find that page: a line for each step of its plan.
    pub fn explain_runs(
        &mut self,
        wanted: &RunFilter,
        page: &Page,
        moment: Moment,
    ) -> Result<Vec<String>, StoreError> {
        let (sql, values) = page_sql(filter::clause(wanted, moment), page);
        let mut statement = self.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let lines = statement.query_map(rusqlite::params_from_iter(&values), |row| row.get("detail"))?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

/// The statement that gives one page, with its values.
fn page_sql(clause: Clause, page: &Page) -> (String, Vec<Sql>) {
    let key = match page.order {
        Order::StartedAt => "r.started_at",
        Order::Duration => "r.duration",
        Order::Cost => "coalesce(r.cost, -1)",
        Order::Tokens => "coalesce(r.total_tokens, -1)",
    };
    let (direction, beyond) = if page.descending { ("DESC", "<") } else { ("ASC", ">") };
    let mut values: Vec<Sql> = clause.values;
    let mut seek = String::new();
    if let Some((value, row)) = page.after {
        values.extend([Sql::from(value), Sql::from(row)]);
        let (value, row) = (values.len() - 1, values.len());
        seek = format!("AND ({key}, r.id) {beyond} (?{value}, ?{row})");
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM runs r WHERE {} {seek} ORDER BY {key} {direction}, r.id {direction} LIMIT {} OFFSET {}",
        clause.sql,
        u64::from(page.limit) + 1,
        page.offset
    );
    (sql, values)
}

impl Run {
    /// Where a list in this order goes on after this run: see [`Page::after`].
    pub fn position(&self, order: Order) -> (i64, i64) {
        let value = match order {
            Order::StartedAt => self.start,
            Order::Duration => self.duration,
            Order::Cost => self.costs.cost.unwrap_or(-1),
            Order::Tokens => self.usage.total_tokens().map_or(-1, |tokens| tokens as i64),
        };
        (value, self.row)
    }
}
