//! Figures over many runs: counts, tokens, money, latency, by group and over time.

use super::{SqliteReader, filter_sql::WAITING};
use crate::{
    error::{Error, Result},
    schema::{columns::usage, stored::field},
};
use rusqlite::{Row, types::ValueRef};
use std::collections::BTreeMap;
use turnscope_model::Costs;
use turnscope_query::{FigureKey, Figures, FiguresQuery, GroupBy, Moment, RunFilter, UnpricedModel};

/// Up to so many runs are looked at one by one, so that their percentiles are exact.
const FEW: u32 = 5_000;

impl SqliteReader<'_> {
    /// Figures of the runs that a filter asks for.
    pub(super) fn figures_by_group(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
    ) -> Result<BTreeMap<FigureKey, Figures>> {
        let rolled = match self.rolled_figures(query, moment, FEW) {
            Err(error) if error.is_damage() => {
                self.readers().damage().note("kept figures", error.to_string());
                None
            }
            rolled => rolled?,
        };
        let mut groups = match rolled {
            Some(groups) => groups,
            None => match self.counted_figures(query, moment) {
                Err(error) if error.is_damage() => self.figures_around_damage(query, moment)?,
                counted => counted?,
            },
        };
        for figures in groups.values_mut() {
            figures.durations.sort_unstable();
        }
        Ok(groups)
    }

    /// Figures of the runs that a filter asks for, each of which is looked at.
    pub(crate) fn counted_figures(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
    ) -> Result<BTreeMap<FigureKey, Figures>> {
        let mut groups = BTreeMap::new();
        self.scan_figures(query, moment, &mut groups, Source::Any)?;
        Ok(groups)
    }

    /// Adds the runs that a filter asks for to the figures of their groups.
    pub(super) fn scan_figures(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
        groups: &mut BTreeMap<FigureKey, Figures>,
        source: Source,
    ) -> Result<()> {
        let clause = self.clause(&query.filter, moment)?;
        let sql = format!("{} WHERE {}", select(query, source), clause.sql);
        let mut damage = None;
        {
            let mut statement = self.db()?.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(&clause.values))?;
            while let Some(row) = rows.next()? {
                // A row that cannot be read is left out of the figures, and said.
                if let Err(error) = add(groups, row, query, moment) {
                    let error = Error::from(error);
                    if !error.is_damage() {
                        return Err(error);
                    }
                    damage = Some(error);
                }
            }
        }
        if let Some(error) = damage {
            self.readers().damage().note("figures of runs", error.to_string());
        }
        Ok(())
    }

    /// Figures of those runs that can be read, each by itself: slow, and only for a table that is damaged.
    fn figures_around_damage(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
    ) -> Result<BTreeMap<FigureKey, Figures>> {
        let clause = self.clause(&query.filter, moment)?;
        let mut groups = BTreeMap::new();
        let damaged = self.each_row_around_damage(&select(query, Source::Any), &clause, |row| {
            add(&mut groups, row, query, moment)
        })?;
        if let Some((_, error)) = damaged.last() {
            let reason = format!("{} runs are left out: {error}", damaged.len());
            self.readers().damage().note("figures of runs", reason);
        }
        Ok(groups)
    }

    /// Counts those of the runs that a filter asks for from which nothing has come for long.
    pub(super) fn count_incomplete(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
        groups: &mut BTreeMap<FigureKey, Figures>,
    ) -> Result<()> {
        let mut clause = self.clause(&query.filter, moment)?;
        let silent_since = clause.bind(moment.now_ms.saturating_sub(moment.inactivity_ms));
        let (columns, joins) = columns_and_joins(query);
        let sql = format!(
            "SELECT r.started_at{columns} FROM runs r INDEXED BY runs_open{joins}
             WHERE r.failed = 0 AND r.ended_at IS NULL AND r.received_at < {silent_since}
                 AND NOT ({WAITING}) AND {}",
            clause.sql
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(&clause.values))?;
        while let Some(row) = rows.next()? {
            groups.entry(key(row, query, row.get(0)?, 1)?).or_default().incomplete_runs += 1;
        }
        Ok(())
    }

    /// When the first and the last of these runs began.
    pub(super) fn starts_range(&mut self, filter: &RunFilter, moment: Moment) -> Result<Option<(i64, i64)>> {
        match self.starts_range_of_all(filter, moment) {
            Err(error) if error.is_damage() => {}
            range => return range,
        }
        let clause = self.clause(filter, moment)?;
        let mut range: Option<(i64, i64)> = None;
        self.each_row_around_damage("SELECT r.started_at FROM runs r", &clause, |row| {
            let start: i64 = row.get(0)?;
            let (first, last) = range.unwrap_or((start, start));
            range = Some((first.min(start), last.max(start)));
            Ok(())
        })?;
        Ok(range)
    }

    fn starts_range_of_all(&mut self, filter: &RunFilter, moment: Moment) -> Result<Option<(i64, i64)>> {
        let clause = self.clause(filter, moment)?;
        let sql = format!("SELECT min(r.started_at), max(r.started_at) FROM runs r WHERE {}", clause.sql);
        let (first, last): (Option<i64>, Option<i64>) = self
            .db()?
            .prepare_cached(&sql)?
            .query_row(rusqlite::params_from_iter(&clause.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.zip(last))
    }

    /// Models that calls without a price went to, those with the most such calls first.
    pub(super) fn models_without_price(&mut self) -> Result<Vec<UnpricedModel>> {
        let mut statement = self.db()?.prepare_cached(
            "SELECT model, provider, sum(calls), sum(unpriced_calls) AS n FROM run_models
             GROUP BY model, provider HAVING n > 0 ORDER BY n DESC, model, provider",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(UnpricedModel {
                model: row.get(0)?,
                provider: row.get(1)?,
                calls: row.get(2)?,
                unpriced_calls: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Where runs are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Any,
    /// Within a time.
    ByStart,
}

impl Source {
    const fn runs(self) -> &'static str {
        match self {
            Self::Any => "runs r",
            Self::ByStart => "runs r INDEXED BY runs_by_started",
        }
    }
}

/// The statement that gives what [`add`] reads of each run, up to its conditions.
fn select(query: &FiguresQuery, source: Source) -> String {
    let (columns, joins) = columns_and_joins(query);
    // Grouped by model, calls and money are the model's own.
    let (table, calls) =
        if query.group_by.contains(&GroupBy::Model) { ("gm", "calls") } else { ("r", "llm_call_count") };
    format!(
        "SELECT r.started_at, r.ended_at, r.duration, r.failed, r.received_at, r.turn_count, r.tool_call_count,
             r.error_count, r.allow_count, r.deny_count, r.hitl_count, {table}.{calls}, {table}.unpriced_calls,
             {table}.cost, {table}.computed_cost, {table}.reported_cost, {table}.input_tokens,
             {table}.output_tokens, {table}.cache_read_tokens, {table}.cache_write_tokens,
             {table}.reasoning_tokens, {WAITING}{columns}
         FROM {}{joins}",
        source.runs()
    )
}

/// The columns that groupings read, each after a comma, and the joins that they need.
fn columns_and_joins(query: &FiguresQuery) -> (String, String) {
    let (mut columns, mut joins) = (String::new(), String::new());
    for group in &query.group_by {
        let (column, join) = column_and_join(*group);
        columns.push_str(", ");
        columns.push_str(column);
        if !joins.contains(&join) {
            joins.push_str(&join);
        }
    }
    (columns, joins)
}

/// The group of a run; its values begin at column `first`.
fn key(row: &Row<'_>, query: &FiguresQuery, started: i64, first: usize) -> rusqlite::Result<FigureKey> {
    let mut values = Vec::with_capacity(query.group_by.len());
    for column in 0..query.group_by.len() {
        values.push(match row.get_ref(first + column)? {
            ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        });
    }
    let bucket = query.bucket.map(|width| started.saturating_sub(started.rem_euclid(width.max(1))));
    Ok(FigureKey { bucket, values })
}

/// Adds one run to the figures of its group.
fn add(
    groups: &mut BTreeMap<FigureKey, Figures>,
    row: &Row<'_>,
    query: &FiguresQuery,
    moment: Moment,
) -> rusqlite::Result<()> {
    let count = |column: usize| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
    };
    let started: i64 = row.get(0)?;
    let ended: Option<i64> = row.get(1)?;
    let failed: bool = row.get(3)?;
    let received_at: i64 = row.get(4)?;
    let costs = Costs {
        unpriced_calls: count(12)?,
        cost: row.get(13)?,
        computed: row.get(14)?,
        reported: row.get(15)?,
    };
    let usage = usage(row, 16)?;
    let figures = groups.entry(key(row, query, started, 22)?).or_default();
    let is_waiting = !failed && row.get::<_, bool>(21)?;
    let is_open = ended.is_none() && !failed && !is_waiting;
    let is_silent = moment.now_ms.saturating_sub(received_at) > moment.inactivity_ms;
    figures.runs += 1;
    figures.failed_runs += u64::from(failed);
    figures.open_runs += u64::from(is_open);
    figures.waiting_runs += u64::from(is_waiting);
    figures.incomplete_runs += u64::from(is_open && is_silent);
    for (sum, column) in [
        (&mut figures.turns, 5),
        (&mut figures.tool_calls, 6),
        (&mut figures.errors, 7),
        (&mut figures.llm_calls, 11),
    ] {
        *sum = sum.saturating_add(count(column)?);
    }
    for (verdict, column) in figures.verdicts.iter_mut().zip(8..) {
        *verdict = verdict.saturating_add(count(column)?);
    }
    figures.usage.add(&usage);
    figures.costs.add(&costs);
    if ended.is_some() {
        figures.durations.push((row.get(2)?, 1));
    }
    Ok(())
}

/// The column that a grouping reads, and the join that it needs.
pub(super) fn column_and_join(group: GroupBy) -> (&'static str, String) {
    let listed = |alias: &str, field: u8| {
        format!(" JOIN run_values {alias} ON {alias}.run = r.id AND {alias}.field = {field}")
    };
    match group {
        GroupBy::Agent => ("r.agent_name", String::new()),
        GroupBy::Model => ("gm.model", " JOIN run_models gm ON gm.run = r.id".into()),
        GroupBy::Provider => ("gp.value", listed("gp", field::PROVIDER)),
        GroupBy::Tool => ("gt.value", listed("gt", field::TOOL)),
        GroupBy::RiskTier => ("gr.value", listed("gr", field::RISK_TIER)),
        // Those that came with telemetry, and those given by API.
        GroupBy::Tag => (
            "gg.value",
            format!(
                " JOIN (SELECT v.run, v.value FROM run_values v WHERE v.field = {}
                     UNION SELECT tr.id, t.tag FROM tags t
                         JOIN runs tr ON tr.run_id = t.run_id AND tr.trace_group = t.trace_group) gg ON gg.run = r.id",
                field::TAG
            ),
        ),
        GroupBy::Service => ("r.service_name", String::new()),
        GroupBy::User => ("r.user_id", String::new()),
        GroupBy::Session => ("r.session_id", String::new()),
        GroupBy::Dialect => ("r.dialect", String::new()),
        GroupBy::Prompt => ("r.prompt_id", String::new()),
        GroupBy::PromptVersion => ("r.prompt_version", String::new()),
        GroupBy::Experiment => ("r.experiment_id", String::new()),
        GroupBy::ExperimentVariant => ("r.experiment_variant", String::new()),
        GroupBy::UserRole => ("r.user_role", String::new()),
        GroupBy::Trigger => ("r.trigger_type", String::new()),
    }
}
