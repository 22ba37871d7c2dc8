//! Where a list of runs begins: which index leads to its runs, decided by how many runs each part of a filter has.
//!
//! SQLite is told the way, so that neither statistics nor a restart change it. A part of a filter that few runs meet gives
//! all of them, which are filtered and sorted by their narrow columns. Else the runs are walked in the order that is
//! asked for until a page is full.

use super::filter_sql::{Clause, GroupsWithText, Place, place};
use crate::{error::Result, schema::stored::field};
use rusqlite::Connection;
use turnscope_model::RunStatus;
use turnscope_query::{Condition, Moment, NumberField, Order, Range, RunFilter, TextField};

/// Runs gathered and sorted at most. Longer lists are walked in their order.
pub(super) const GATHERED: u32 = 8_000;

/// A part of a list: rows of an index, each of which names a run.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    /// What `d` is.
    from: String,
    condition: String,
    /// The column of `d` that is the run's row.
    id: &'static str,
}

/// How the runs of a list are found.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Along the index of the order, until a page is full.
    Ordered,
    /// Along an index that is in the order too, and leads only to runs that meet a part of the filter.
    Walked(Driver),
    /// All runs of short lists, sorted afterwards. A run may be in several of them.
    Gathered(Vec<Driver>),
    /// However SQLite likes: a part of the filter names very few runs.
    Free,
}

/// The index of an order, and the expression that it is ordered by.
pub(super) const fn index_of(order: Order) -> (&'static str, &'static str) {
    match order {
        Order::StartedAt => ("runs_by_started", "r.started_at"),
        Order::Duration => ("runs_by_duration", "r.duration"),
        Order::Cost => ("runs_by_cost", "r.cost_key"),
        Order::Tokens => ("runs_by_tokens", "r.tokens_key"),
    }
}

impl Source {
    /// Whether all runs that it gives meet the part of the filter that it was chosen for.
    fn answers_its_part(&self, part: &RunFilter) -> bool {
        // Of open runs, the time decides which are incomplete.
        !matches!(
            part,
            RunFilter::Is(Condition::Status(RunStatus::Running | RunStatus::Incomplete | RunStatus::Waiting))
        ) && !matches!(self, Self::Ordered | Self::Free)
    }

    /// The `FROM` and the beginning of the `WHERE` clause that give `r`, the runs, in the order where that is walked.
    pub(super) fn runs(&self, order: Order) -> String {
        match self {
            Self::Ordered => format!("runs r INDEXED BY {} WHERE", index_of(order).0),
            Self::Walked(driver) => driver.runs(),
            Self::Gathered(_) | Self::Free => "runs r WHERE".to_owned(),
        }
    }

    /// What a walk is ordered by: the key, and the row.
    pub(super) fn order_by(&self, order: Order) -> (&'static str, &'static str) {
        match self {
            Self::Walked(driver) => ("d.started_at", driver.id),
            _ => (index_of(order).1, "r.id"),
        }
    }
}

impl Driver {
    fn of_column(index: &str, condition: String) -> Self {
        Self { from: format!("runs d INDEXED BY {index}"), condition, id: "d.id" }
    }

    /// See [`Source::runs`].
    pub(super) fn runs(&self) -> String {
        format!(
            "{} CROSS JOIN runs r INDEXED BY runs_narrow ON r.id = {} WHERE {} AND",
            self.from, self.id, self.condition
        )
    }

    /// How many runs it leads to, up to one more than `most`.
    fn count(&self, db: &Connection, clause: &Clause, most: u32) -> Result<u32> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {})",
            self.from,
            self.condition,
            u64::from(most) + 1
        );
        let mut statement = db.prepare_cached(&sql)?;
        for (n, value) in (1..=statement.parameter_count()).zip(&clause.values) {
            statement.raw_bind_parameter(n, value)?;
        }
        let mut rows = statement.raw_query();
        Ok(rows.next()?.map_or(Ok(0), |row| row.get(0))?)
    }
}

/// How the runs of a filter are found, and what is left to be looked at of each.
pub(super) struct Plan {
    pub(super) source: Source,
    /// What the source does not answer for, with all bound values.
    pub(super) clause: Clause,
}

/// Decides how the runs of a filter are found. `most`: how many runs may be gathered.
pub(super) fn choose(
    db: &Connection,
    filter: &RunFilter,
    texts: GroupsWithText,
    moment: Moment,
    order: Order,
    most: u32,
) -> Result<Plan> {
    let parts = match filter {
        RunFilter::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut clause = Clause::new(texts);
    let mut shortest: Option<(u32, usize, Vec<Driver>)> = None;
    for (at, part) in parts.iter().enumerate() {
        match leads(part, &mut clause) {
            Lead::Few => {
                clause.sql = clause.filter(filter, moment);
                return Ok(Plan { source: Source::Free, clause });
            }
            Lead::None => {}
            Lead::Drivers(drivers) => {
                let mut count = 0_u32;
                for driver in &drivers {
                    count = count.saturating_add(driver.count(db, &clause, most)?);
                }
                if shortest.as_ref().is_none_or(|(least, ..)| count < *least) {
                    shortest = Some((count, at, drivers));
                }
            }
        }
    }
    let source = match shortest {
        Some((count, at, drivers)) if count <= most => Some((at, Source::Gathered(drivers))),
        Some((_, at, mut drivers)) if drivers.len() == 1 && order == Order::StartedAt => {
            drivers.pop().map(|driver| (at, Source::Walked(driver)))
        }
        _ => None,
    };
    let answered =
        source.as_ref().and_then(|(at, source)| source.answers_its_part(&parts[*at]).then_some(*at));
    let left = parts.iter().enumerate().filter(|(at, _)| Some(*at) != answered).map(|(_, part)| part.clone());
    clause.sql = clause.filter(&RunFilter::All(left.collect()), moment);
    Ok(Plan { source: source.map_or(Source::Ordered, |(_, source)| source), clause })
}

/// Where a part of a filter leads.
enum Lead {
    /// To so few runs that nothing need be decided.
    Few,
    Drivers(Vec<Driver>),
    /// Nowhere: no index knows it.
    None,
}

fn leads(part: &RunFilter, clause: &mut Clause) -> Lead {
    let RunFilter::Is(condition) = part else { return Lead::None };
    match condition {
        Condition::Content(_)
        | Condition::Runs(_)
        | Condition::Parent(_)
        | Condition::Trace(_)
        | Condition::Text(TextField::NativeRunId, _) => Lead::Few,
        Condition::Status(RunStatus::Failed) => {
            Lead::Drivers(vec![Driver::of_column("runs_failed", "d.failed".into())])
        }
        Condition::Status(RunStatus::Running | RunStatus::Incomplete) => {
            let open = "d.failed = 0 AND d.ended_at IS NULL";
            Lead::Drivers(vec![Driver::of_column("runs_open", open.into())])
        }
        Condition::Status(RunStatus::Waiting) => {
            Lead::Drivers(vec![Driver::of_column("runs_waiting", "d.waiting_since IS NOT NULL".into())])
        }
        Condition::Number(NumberField::Started, range) => started(*range, clause),
        Condition::Text(text, patterns) => {
            let literals: Option<Vec<String>> =
                patterns.iter().map(|one| one.as_literal().map(str::to_owned)).collect();
            let Some(literals) = literals else { return Lead::None };
            literals
                .into_iter()
                .map(|value| drivers_of(*text, value, clause))
                .try_fold(Vec::new(), |mut all, more| {
                    all.extend(more?);
                    Some(all)
                })
                .map_or(Lead::None, Lead::Drivers)
        }
        _ => Lead::None,
    }
}

fn started(range: Range, clause: &mut Clause) -> Lead {
    let (first, last) = (clause.bind(range.first), clause.bind(range.last));
    let condition = format!("d.started_at BETWEEN {first} AND {last}");
    Lead::Drivers(vec![Driver::of_column("runs_by_started", condition)])
}

/// The indexes that lead to the runs with this value; `None` where there is none.
fn drivers_of(text: TextField, value: String, clause: &mut Clause) -> Option<Vec<Driver>> {
    let index = match text {
        TextField::Agent => "runs_agent",
        TextField::Service => "runs_service",
        TextField::Session => "runs_session",
        TextField::User => "runs_user",
        _ => "",
    };
    match place(text) {
        Place::Column(column) if !index.is_empty() => {
            let column = column.trim_start_matches("r.");
            Some(vec![Driver::of_column(index, format!("d.{column} = {}", clause.bind(value)))])
        }
        Place::Column(_) => None,
        Place::Listed(field) => Some(vec![listed(field, &clause.bind(value))]),
        Place::Tags => {
            let value = clause.bind(value);
            let given = Driver {
                from: "tags t INDEXED BY tags_tag CROSS JOIN runs d ON d.run_id = t.run_id AND d.trace_group = t.trace_group".into(),
                condition: format!("t.tag = {value}"),
                id: "d.id",
            };
            Some(vec![listed(field::TAG, &value), given])
        }
    }
}

fn listed(field: u8, value: &str) -> Driver {
    Driver {
        from: "run_values d".into(),
        condition: format!("d.field = {field} AND d.value = {value}"),
        id: "d.run",
    }
}
