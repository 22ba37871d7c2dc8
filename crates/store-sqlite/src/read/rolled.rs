//! Figures from the roll-ups: whole hours are read from them, and what is left at both ends run by run.

use super::{SqliteReader, figures::Source};
use crate::{
    error::{Error, Result},
    rollups::{self, COUNT, HOUR, Kept, Sketch, dimension},
};
use rusqlite::{Connection, Row, types::ValueRef};
use std::collections::BTreeMap;
use turnscope_model::{Costs, Usage};
use turnscope_query::{
    Condition, FigureKey, Figures, FiguresQuery, GroupBy, Moment, NumberField, Range, RunFilter, TextField,
};

/// A question that the roll-ups can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rolled {
    dimension: u8,
    /// The one value that is asked for.
    value: Option<String>,
    /// Each value makes a group.
    is_grouped: bool,
    /// When the runs began, in nanoseconds since the epoch: the first and the last moment.
    first: i64,
    last: i64,
    /// The whole hours in between.
    hours: (i64, i64),
}

/// What the roll-ups say of one group.
struct Sum {
    sums: [i128; COUNT],
    durations: Sketch,
}

type Groups = BTreeMap<FigureKey, Figures>;

impl SqliteReader<'_> {
    /// The figures, where the roll-ups know them and more than `few` runs would have to be looked at otherwise.
    pub(crate) fn rolled_figures(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
        few: u32,
    ) -> Result<Option<Groups>> {
        let Some(rolled) = plan(query) else { return Ok(None) };
        let db = self.db()?;
        if !Kept::Figures.is_whole(db)? || !has_more(db, &rolled, few)? {
            return Ok(None);
        }
        let sums = read(db, &rolled, query)?;
        let mut groups = Groups::new();
        for (from, to) in rolled.rest() {
            self.scan_figures(&began_between(query, from, to), moment, &mut groups, Source::ByStart)?;
        }
        for (key, sum) in sums {
            sum.add_to(groups.entry(key).or_default());
        }
        let (from, to) = (rolled.hours.0.saturating_mul(HOUR), end_of(rolled.hours.1));
        self.count_incomplete(&began_between(query, from, to), moment, &mut groups)?;
        Ok(Some(groups))
    }
}

/// The same question about runs that began in this time.
fn began_between(query: &FiguresQuery, from: i64, to: i64) -> FiguresQuery {
    let range = Range { first: from, last: to };
    let filter = query.filter.clone().and(RunFilter::Is(Condition::Number(NumberField::Started, range)));
    FiguresQuery { filter, ..query.clone() }
}

/// The last nanosecond of an hour.
const fn end_of(hour: i64) -> i64 {
    hour.saturating_add(1).saturating_mul(HOUR).saturating_sub(1)
}

/// How the roll-ups answer a question; `None` where they cannot.
fn plan(query: &FiguresQuery) -> Option<Rolled> {
    if query.bucket.is_some_and(|width| width <= 0 || width % HOUR != 0) {
        return None;
    }
    let parts = match &query.filter {
        RunFilter::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let (mut first, mut last, mut asked) = (i64::MIN, i64::MAX, None);
    for part in parts {
        match part {
            RunFilter::Is(Condition::Number(NumberField::Started, range)) => {
                first = first.max(range.first);
                last = last.min(range.last);
            }
            RunFilter::Is(Condition::Text(field, patterns)) if asked.is_none() => {
                let [pattern] = &patterns[..] else { return None };
                let dimension = match field {
                    TextField::Agent => dimension::AGENT,
                    TextField::Service => dimension::SERVICE,
                    _ => return None,
                };
                asked = Some((dimension, pattern.as_literal()?.to_owned()));
            }
            _ => return None,
        }
    }
    let grouped = match &query.group_by[..] {
        [] => None,
        [GroupBy::Agent] => Some(dimension::AGENT),
        [GroupBy::Service] => Some(dimension::SERVICE),
        [GroupBy::Model] => Some(dimension::MODEL),
        _ => return None,
    };
    let (dimension, value) = match (asked, grouped) {
        (None, grouped) => (grouped.unwrap_or(dimension::ALL), None),
        (Some((asked, value)), grouped) if grouped.is_none_or(|grouped| grouped == asked) => {
            (asked, Some(value))
        }
        _ => return None,
    };
    let first_hour = if first == i64::MIN { 0 } else { first.max(0).saturating_add(HOUR - 1) / HOUR };
    let last_hour =
        if last == i64::MAX { i64::MAX / HOUR } else { last.saturating_add(1).div_euclid(HOUR) - 1 };
    let hours = (first_hour, last_hour);
    (first_hour <= last_hour).then_some(Rolled {
        dimension,
        value,
        is_grouped: grouped.is_some(),
        first,
        last,
        hours,
    })
}

impl Rolled {
    /// The times at both ends that are no whole hours.
    fn rest(&self) -> impl Iterator<Item = (i64, i64)> {
        let before = (self.first.max(0), self.hours.0.saturating_mul(HOUR).saturating_sub(1));
        let after = (end_of(self.hours.1).saturating_add(1), self.last);
        let is_cut = self.last < i64::MAX;
        [Some(before), is_cut.then_some(after)].into_iter().flatten().filter(|(from, to)| from <= to)
    }
}

/// Whether more runs than this began in the time that is asked for.
fn has_more(db: &Connection, rolled: &Rolled, few: u32) -> Result<bool> {
    let found: u32 = db
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_by_started WHERE started_at BETWEEN ?1 AND ?2 LIMIT ?3)",
        )?
        .query_row((rolled.first, rolled.last, u64::from(few) + 1), |row| row.get(0))?;
    Ok(found > few)
}

/// Reads the whole hours.
fn read(db: &Connection, rolled: &Rolled, query: &FiguresQuery) -> Result<BTreeMap<FigureKey, Sum>> {
    let mut groups: BTreeMap<FigureKey, Sum> = BTreeMap::new();
    let which = if rolled.value.is_some() { "value = ?4 AND" } else { "?4 IS NULL AND" };
    let sql = format!(
        "SELECT value, hour, durations, {} FROM rollups WHERE dimension = ?1 AND {which} hour BETWEEN ?2 AND ?3 AND runs <> 0",
        rollups::columns()
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query((rolled.dimension, rolled.hours.0, rolled.hours.1, &rolled.value))?;
    while let Some(row) = rows.next()? {
        let (value, hour): (String, i64) = (row.get(0)?, row.get(1)?);
        let began = hour.saturating_mul(HOUR);
        let is_unknown = rolled.dimension == dimension::AGENT && value.is_empty();
        let key = FigureKey {
            bucket: query.bucket.map(|width| began - began.rem_euclid(width)),
            values: if rolled.is_grouped { vec![(!is_unknown).then_some(value)] } else { Vec::new() },
        };
        let sum = groups.entry(key).or_insert_with(|| Sum { sums: [0; COUNT], durations: Sketch::default() });
        sum.add(row)?;
    }
    Ok(groups)
}

impl Sum {
    fn add(&mut self, row: &Row<'_>) -> Result<()> {
        const BEFORE: usize = 3;
        let damaged = || Error::damaged("a roll-up cannot be read");
        let sketch = row.get_ref(2)?.as_blob().ok().and_then(Sketch::decode).ok_or_else(damaged)?;
        self.durations.merge(&sketch);
        for (column, sum) in (BEFORE..).zip(&mut self.sums) {
            *sum += match row.get_ref(column)? {
                ValueRef::Integer(value) => i128::from(value),
                // Sums beyond the range of integers, which only made-up counts reach.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a float beyond the range becomes its end"
                )]
                ValueRef::Real(value) => value as i128,
                _ => return Err(damaged()),
            };
        }
        Ok(())
    }

    fn add_to(&self, figures: &mut Figures) {
        let count = |at: usize| u64::try_from(self.sums[at].max(0)).unwrap_or(u64::MAX);
        let money = |at: usize| {
            let sum = self.sums[at].clamp(i128::from(i64::MIN), i128::from(i64::MAX));
            (self.sums[at + 1] > 0).then(|| i64::try_from(sum).unwrap_or(i64::MAX))
        };
        let tokens = |at: usize| (self.sums[at + 1] > 0).then(|| count(at));
        for (figure, at) in [
            (&mut figures.runs, 0),
            (&mut figures.failed_runs, 1),
            (&mut figures.open_runs, 2),
            (&mut figures.waiting_runs, 27),
            (&mut figures.turns, 3),
            (&mut figures.tool_calls, 4),
            (&mut figures.errors, 5),
            (&mut figures.llm_calls, 9),
        ] {
            *figure = figure.saturating_add(count(at));
        }
        for (verdict, at) in figures.verdicts.iter_mut().zip(6..) {
            *verdict = verdict.saturating_add(count(at));
        }
        figures.costs.add(&Costs {
            unpriced_calls: count(10),
            cost: money(11),
            computed: money(13),
            reported: money(15),
        });
        figures.usage.add(&Usage {
            input_tokens: tokens(17),
            output_tokens: tokens(19),
            cache_read_tokens: tokens(21),
            cache_write_tokens: tokens(23),
            reasoning_tokens: tokens(25),
        });
        figures.durations.extend(self.durations.durations());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnscope_query::Pattern;

    fn asked(filter: Vec<RunFilter>, group_by: Vec<GroupBy>, bucket: Option<i64>) -> Option<Rolled> {
        plan(&FiguresQuery { filter: RunFilter::All(filter), group_by, bucket })
    }

    fn began(first: i64, last: i64) -> RunFilter {
        RunFilter::Is(Condition::Number(NumberField::Started, Range { first, last }))
    }

    #[test]
    fn whole_hours_are_rolled_and_the_rest_is_what_is_left() {
        let rolled = asked(vec![began(HOUR / 2, 3 * HOUR + 5)], Vec::new(), None).unwrap();
        assert_eq!(rolled.hours, (1, 2));
        assert_eq!(rolled.rest().collect::<Vec<_>>(), [(HOUR / 2, HOUR - 1), (3 * HOUR, 3 * HOUR + 5)]);
        let rolled = asked(vec![began(HOUR, 2 * HOUR - 1)], Vec::new(), Some(24 * HOUR)).unwrap();
        assert_eq!((rolled.hours, rolled.rest().count()), ((1, 1), 0));
        let rolled = asked(vec![began(5 * HOUR + 1, i64::MAX)], Vec::new(), None).unwrap();
        assert_eq!(rolled.rest().collect::<Vec<_>>(), [(5 * HOUR + 1, 6 * HOUR - 1)]);
        assert_eq!(asked(Vec::new(), Vec::new(), None).unwrap().rest().count(), 0);
        assert_eq!(asked(vec![began(1, HOUR)], Vec::new(), None), None, "there is no whole hour");
    }

    #[test]
    fn only_what_is_kept_is_asked_of_the_roll_ups() {
        let of = |field, value: &str| RunFilter::Is(Condition::Text(field, vec![Pattern::literal(value)]));
        let agent = of(TextField::Agent, "a");
        assert!(asked(vec![agent.clone()], vec![GroupBy::Agent], Some(HOUR)).is_some());
        assert!(asked(Vec::new(), vec![GroupBy::Model], None).is_some());
        assert_eq!(asked(vec![agent.clone()], vec![GroupBy::Model], None), None);
        assert_eq!(asked(vec![agent.clone(), of(TextField::Service, "s")], Vec::new(), None), None);
        assert_eq!(asked(vec![of(TextField::User, "u")], Vec::new(), None), None);
        assert_eq!(asked(Vec::new(), vec![GroupBy::Tool], None), None);
        assert_eq!(asked(Vec::new(), vec![GroupBy::Agent, GroupBy::Service], None), None);
        assert_eq!(asked(Vec::new(), Vec::new(), Some(HOUR / 2)), None);
        let any = RunFilter::Is(Condition::Text(TextField::Agent, vec![Pattern::parse("a*")]));
        assert_eq!(asked(vec![any], Vec::new(), None), None);
    }
}
