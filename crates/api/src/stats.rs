//! Figures over runs, and the values that filters can take.

use crate::{
    Reprojection,
    outcome::{Money, Usage},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How figures are grouped.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupQuery {
    /// `agent,model,tool,service,…`; several separated by commas.
    pub group_by: Option<String>,
    /// `minute`, `hour`, `day`, a width in seconds, or `auto`: the least of some round widths that makes 60 buckets at most.
    pub bucket: Option<String>,
}

/// Figures over the runs that the filters ask for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Stats {
    /// Figures of all these runs together.
    #[serde(flatten)]
    pub all: GroupFigures,
    /// Runs that began in the last 24 hours, whatever the filter.
    pub recent_runs_24h: u64,
    /// What was received since the server started.
    pub queue: Queue,
    /// How wide the buckets are; null without `bucket`.
    pub bucket_ms: Option<i64>,
    /// One entry a group, where `group_by` or `bucket` is given.
    pub groups: Vec<Group>,
}

/// What the receiving path did since the server started.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Queue {
    /// Always 0: nothing is dropped in silence; what is refused is counted below.
    pub events_dropped: u64,
    /// Spans, log records and metrics in the requests that were taken in.
    pub received: u64,
    /// Those that were new and are stored.
    pub stored: u64,
    /// Those that the store had already; it keeps each once.
    pub duplicates: u64,
    /// Those that could not be stored, such as spans without a valid id.
    pub rejected: u64,
    /// Refused requests by reason.
    pub refused: BTreeMap<String, u64>,
    /// Values taken out because they look like secrets.
    pub redacted: u64,
    /// Contents that the search index has not reached yet.
    pub search_lag: u64,
    /// How far the facts of stored records have been found again; until then some figures are of earlier rules.
    pub reprojection: Reprojection,
}

/// Figures of some runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct GroupFigures {
    /// Runs, child runs included. A run with several models or tools counts in the group of each.
    pub runs: u64,
    /// Runs whose root ended with an error.
    pub failed_runs: u64,
    /// Neither ended nor failed.
    pub open_runs: u64,
    /// Runs by status: they add up to `runs`.
    pub statuses: Statuses,
    /// Turns of these runs.
    pub turns: u64,
    /// Model and embedding calls.
    pub llm_calls: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Steps that failed.
    pub errors: u64,
    /// Tokens; in a group by model only that model's. Null when nothing is known.
    pub usage: Option<Usage>,
    /// What they cost.
    #[serde(flatten)]
    pub money: Money,
    /// What policy gates said of the tool calls.
    pub verdicts: Verdicts,
    /// Of runs that have ended.
    pub duration_ms: Percentiles,
}

/// Runs by status.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Statuses {
    /// The root has not ended.
    pub running: u64,
    /// A person is asked and has not answered.
    pub waiting: u64,
    /// The root ended well.
    pub completed: u64,
    /// The root ended with an error.
    pub failed: u64,
    /// The root has not ended, and nothing came for a while.
    pub incomplete: u64,
}

/// Verdicts, counted once per tool call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Verdicts {
    /// The call may be made.
    pub allow: u64,
    /// The call may not be made.
    pub deny: u64,
    /// A human decides.
    pub hitl: u64,
}

/// Nearest-rank percentiles.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Percentiles {
    /// The median, in milliseconds; null without a run that ended.
    pub p50: Option<f64>,
    /// In milliseconds; null without a run that ended.
    pub p90: Option<f64>,
    /// In milliseconds; null without a run that ended.
    pub p95: Option<f64>,
    /// In milliseconds; null without a run that ended.
    pub p99: Option<f64>,
}

/// One group.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Group {
    /// The value of each `group_by`; null where a run has none.
    pub key: BTreeMap<String, Option<String>>,
    /// The start of the bucket, milliseconds since the epoch.
    pub bucket_at: Option<i64>,
    /// The runs of this group and bucket.
    #[serde(flatten)]
    pub figures: GroupFigures,
}

/// Which values are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ValuesQuery {
    /// `agent`, `model`, `tool`, `service`, `user_id`, `session_id`, `tag`, …
    pub field: String,
    /// Only values that begin like this, upper and lower case being the same.
    pub prefix: String,
    /// Values on the page, 1 to 1000; default 50.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same field and prefix.
    pub cursor: Option<String>,
}

/// The values a filter can take.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Values {
    /// Most frequent first.
    pub values: Vec<ValueCount>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// One value, and how many runs have it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ValueCount {
    /// The value as it was sent.
    pub value: String,
    /// The value as a filter takes it, in `q` and as a parameter: in quotes where it must be.
    pub quoted: String,
    /// Runs that have it; 0 for `status` and `verdict`, whose values are fixed and not counted.
    pub runs: u64,
}
