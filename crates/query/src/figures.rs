//! Figures over many runs: counts, tokens, money, latency, by group and over time.

use crate::{RunFilter, TextField, ValueCursor};
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
    /// A tier of risk (a run with several counts in each group).
    RiskTier,
    /// What set the run off.
    Trigger,
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
        (Self::RiskTier, "risk_tier"),
        (Self::Trigger, "trigger_type"),
    ];

    /// The field that finds the runs of a group.
    pub const fn field(self) -> TextField {
        match self {
            Self::Agent => TextField::Agent,
            Self::Model => TextField::Model,
            Self::Provider => TextField::Provider,
            Self::Tool => TextField::Tool,
            Self::Tag => TextField::Tag,
            Self::Service => TextField::Service,
            Self::User => TextField::User,
            Self::Session => TextField::Session,
            Self::Dialect => TextField::Dialect,
            Self::Prompt => TextField::Prompt,
            Self::PromptVersion => TextField::PromptVersion,
            Self::Experiment => TextField::Experiment,
            Self::ExperimentVariant => TextField::ExperimentVariant,
            Self::UserRole => TextField::UserRole,
            Self::RiskTier => TextField::RiskTier,
            Self::Trigger => TextField::Trigger,
        }
    }

    /// The grouping of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(group, _)| *group)
    }
}

/// Which figures are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiguresQuery {
    /// The runs that count.
    pub filter: RunFilter,
    /// What they are grouped by.
    pub group_by: Vec<GroupBy>,
    /// How wide a bucket of time is, in nanoseconds; `None` for one bucket.
    pub bucket: Option<i64>,
}

/// What the runs of one group have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureKey {
    /// The start of the bucket, in nanoseconds since the epoch.
    pub bucket: Option<i64>,
    /// The value of each grouping, in the order asked for; `None` where a run has none.
    pub values: Vec<Option<String>>,
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
    /// Runs that wait for a person.
    pub waiting_runs: u64,
    /// Of the open runs, those from which nothing came for so long that they count as incomplete.
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
    /// Durations of ended runs in nanoseconds, sorted, each with how many runs lasted so long. Where there are thousands of runs,
    /// they are exact to a hundredth.
    pub durations: Vec<(i64, u64)>,
}

impl Figures {
    /// The duration below which this share of the ended runs lies, nanoseconds (nearest rank).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that no integer holds becomes the nearest one, and a rank is clamped to the durations"
    )]
    pub fn percentile(&self, share: f64) -> Option<i64> {
        let all = self.durations.iter().fold(0_u64, |sum, (_, runs)| sum.saturating_add(*runs));
        let rank = ((share * all as f64).ceil() as u64).clamp(1, all.max(1));
        let mut reached = 0_u64;
        let found = self.durations.iter().find(|(_, runs)| {
            reached = reached.saturating_add(*runs);
            reached >= rank
        });
        found.map(|(duration, _)| *duration)
    }
}

/// One page of the values that a grouping can take, most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValuePage {
    /// The values, each with how many runs have it.
    pub values: Vec<(String, u64)>,
    /// Where the next page goes on, if there is one.
    pub next: Option<ValueCursor>,
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

/// How large the store is, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes free within the file.
    pub free_bytes: u64,
    /// Bytes of the search index; `None` where the store cannot tell.
    pub search_bytes: Option<u64>,
    /// Spans and log records.
    pub records: u64,
    /// Contents, each once.
    pub contents: u64,
    /// Runs.
    pub runs: u64,
    /// When the oldest run began, nanoseconds.
    pub oldest: Option<i64>,
}
