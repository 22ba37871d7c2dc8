//! Figures over many runs: counts, tokens, money, latency, by group and over time.

use super::{
    Reader,
    filter::{self, Moment, RunFilter},
    run::usage_from_row,
};
use crate::{StoreError, projector::field};
use rusqlite::types::ValueRef;
use std::collections::BTreeMap;
use turnscope_model::{Costs, Usage};

/// What figures can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupBy {
    /// The agent.
    Agent,
    /// A model (a run with several counts in each group; tokens are the model's own).
    Model,
    /// A provider.
    Provider,
    /// A tool (a run with several counts in each group).
    Tool,
    /// A tag.
    Tag,
    /// The service.
    Service,
    /// The user.
    User,
    /// The session.
    Session,
    /// The dialect.
    Dialect,
    /// The prompt.
    Prompt,
    /// The prompt's version.
    PromptVersion,
    /// The experiment.
    Experiment,
    /// The experiment's arm.
    ExperimentVariant,
    /// The user's role.
    UserRole,
}

impl GroupBy {
    /// Every grouping with its name on the surface.
    pub const NAMES: &[(Self, &str)] = &[
        (Self::Agent, "agent"),
        (Self::Model, "model"),
        (Self::Provider, "provider"),
        (Self::Tool, "tool"),
        (Self::Tag, "tag"),
        (Self::Service, "service"),
        (Self::User, "user_id"),
        (Self::Session, "session_id"),
        (Self::Dialect, "dialect"),
        (Self::Prompt, "prompt_id"),
        (Self::PromptVersion, "prompt_version"),
        (Self::Experiment, "experiment_id"),
        (Self::ExperimentVariant, "experiment_variant"),
        (Self::UserRole, "user_role"),
    ];

    /// The grouping of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(group, _)| *group)
    }

    /// The column, and the join it needs.
    fn sql(self) -> (&'static str, String) {
        let listed = |alias: &str, field: u8| {
            format!(" JOIN run_values {alias} ON {alias}.run = r.id AND {alias}.field = {field}")
        };
        match self {
            Self::Agent => ("r.agent_name", String::new()),
            Self::Model => ("gm.model", " JOIN run_models gm ON gm.run = r.id".into()),
            Self::Provider => ("gp.value", listed("gp", field::PROVIDER)),
            Self::Tool => ("gt.value", listed("gt", field::TOOL)),
            Self::Tag => ("gg.value", listed("gg", field::TAG)),
            Self::Service => ("r.service_name", String::new()),
            Self::User => ("r.user_id", String::new()),
            Self::Session => ("r.session_id", String::new()),
            Self::Dialect => ("r.dialect", String::new()),
            Self::Prompt => ("r.prompt_id", String::new()),
            Self::PromptVersion => ("r.prompt_version", String::new()),
            Self::Experiment => ("r.experiment_id", String::new()),
            Self::ExperimentVariant => ("r.experiment_variant", String::new()),
            Self::UserRole => ("r.user_role", String::new()),
        }
    }
}

/// Figures of one group (and one bucket of time).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Runs.
    pub runs: u64,
    /// Runs whose root failed.
    pub failed_runs: u64,
    /// Runs that have not ended, and have not failed.
    pub open_runs: u64,
    /// Of those, runs from which nothing came for so long that they count as incomplete.
    pub incomplete_runs: u64,
    /// Turns.
    pub turns: u64,
    /// Model calls.
    pub llm_calls: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Failed steps.
    pub errors: u64,
    /// Tokens.
    pub usage: Usage,
    /// What they cost.
    pub costs: Costs,
    /// Verdicts: allowed, denied, sent to a human.
    pub verdicts: [u64; 3],
    /// Durations of ended runs, nanoseconds, sorted.
    durations: Vec<i64>,
}

impl Figures {
    /// The duration below which this share of the ended runs lies, nanoseconds (nearest rank).
    pub fn percentile(&self, share: f64) -> Option<i64> {
        let rank = (share * self.durations.len() as f64).ceil() as usize;
        self.durations.get(rank.clamp(1, self.durations.len().max(1)) - 1).copied()
    }
}

/// A model that calls without a price went to; names are empty where calls named none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpricedModel {
    /// The model that answered, else the one asked for.
    pub model: String,
    /// The provider.
    pub provider: String,
    /// All its calls.
    pub calls: u64,
    /// Those without a price.
    pub unpriced_calls: u64,
}

/// A group's values (in the order asked for; `None` where a run has none), and the start of its bucket, nanoseconds.
pub type GroupKey = (Option<i64>, Vec<Option<String>>);

impl Reader {
    /// Figures of the runs that a filter asks for; `bucket` is a width in nanoseconds.
    pub fn stats(
        &mut self,
        wanted: &RunFilter,
        group_by: &[GroupBy],
        bucket: Option<i64>,
        moment: Moment,
    ) -> Result<BTreeMap<GroupKey, Figures>, StoreError> {
        let clause = filter::clause(wanted, moment);
        let mut joins = String::new();
        let mut columns = String::new();
        for group in group_by {
            let (column, join) = group.sql();
            columns.push_str(", ");
            columns.push_str(column);
            if !joins.contains(&join) {
                joins.push_str(&join);
            }
        }
        let usage = if group_by.contains(&GroupBy::Model) {
            "gm.calls, gm.input_tokens, gm.output_tokens, gm.cache_read_tokens, gm.cache_write_tokens, gm.reasoning_tokens, gm.cost, gm.computed_cost, gm.reported_cost, gm.unpriced_calls"
        } else {
            "r.llm_call_count, r.input_tokens, r.output_tokens, r.cache_read_tokens, r.cache_write_tokens, r.reasoning_tokens, r.cost, r.computed_cost, r.reported_cost, r.unpriced_calls"
        };
        let sql = format!(
            "SELECT r.started_at, r.ended_at, r.duration, r.failed, r.turn_count, r.tool_call_count, r.error_count,
                 r.allow_count, r.deny_count, r.hitl_count, {usage}, r.received_at{columns}
             FROM runs r{joins} WHERE {}",
            clause.sql
        );
        let mut groups: BTreeMap<GroupKey, Figures> = BTreeMap::new();
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(&clause.values))?;
        while let Some(row) = rows.next()? {
            let started: i64 = row.get(0)?;
            let ended: Option<i64> = row.get(1)?;
            let mut key = Vec::with_capacity(group_by.len());
            for column in 0..group_by.len() {
                key.push(match row.get_ref(21 + column)? {
                    ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    _ => None,
                });
            }
            let slot = bucket.map(|width| started - started.rem_euclid(width.max(1)));
            let figures = groups.entry((slot, key)).or_default();
            figures.runs += 1;
            let failed: bool = row.get(3)?;
            let is_open = ended.is_none() && !failed;
            let silent = moment.now_ms.saturating_sub(row.get::<_, i64>(20)?) > moment.silence_ms;
            figures.failed_runs += u64::from(failed);
            figures.open_runs += u64::from(is_open);
            figures.incomplete_runs += u64::from(is_open && silent);
            figures.turns += row.get::<_, u64>(4)?;
            figures.tool_calls += row.get::<_, u64>(5)?;
            figures.errors += row.get::<_, u64>(6)?;
            for (verdict, column) in figures.verdicts.iter_mut().zip(7..) {
                *verdict += row.get::<_, u64>(column)?;
            }
            figures.llm_calls += row.get::<_, u64>(10)?;
            figures.usage.add(&usage_from_row(row, 11)?);
            figures.costs.add(&Costs {
                cost: row.get(16)?,
                computed: row.get(17)?,
                reported: row.get(18)?,
                unpriced_calls: row.get(19)?,
            });
            if ended.is_some() {
                figures.durations.push(row.get(2)?);
            }
        }
        for figures in groups.values_mut() {
            figures.durations.sort_unstable();
        }
        Ok(groups)
    }

    /// When the first and the last of these runs began, nanoseconds.
    pub fn time_range(
        &mut self,
        wanted: &RunFilter,
        moment: Moment,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let clause = filter::clause(wanted, moment);
        let sql = format!("SELECT min(r.started_at), max(r.started_at) FROM runs r WHERE {}", clause.sql);
        let range = self
            .db
            .prepare_cached(&sql)?
            .query_row(rusqlite::params_from_iter(&clause.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(match range {
            (Some(first), Some(last)) => Some((first, last)),
            _ => None,
        })
    }

    /// Models that calls without a price went to, those with the most such calls first.
    pub fn unpriced_models(&mut self) -> Result<Vec<UnpricedModel>, StoreError> {
        let mut statement = self.db.prepare_cached(
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
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The values that a grouping can take, most frequent first, with how many runs have each.
    pub fn values(
        &mut self,
        of: GroupBy,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let (column, join) = of.sql();
        let sql = format!(
            "SELECT {column}, count(*) AS n FROM runs r{join}
             WHERE {column} IS NOT NULL AND {column} <> '' AND substr({column}, 1, length(?1)) = ?1 COLLATE NOCASE
             GROUP BY {column} ORDER BY n DESC, {column} LIMIT ?2"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map((prefix, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
