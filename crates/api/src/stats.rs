//! Figures over runs, and the values that filters can take.

use crate::outcome::{Money, Usage};
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
    #[serde(flatten)]
    pub all: GroupFigures,
    pub recent_runs_24h: u64,
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
    pub received: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// Refused requests by reason.
    pub refused: BTreeMap<String, u64>,
    pub redacted: u64,
    pub search_lag: u64,
}

/// Figures of some runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct GroupFigures {
    pub runs: u64,
    pub failed_runs: u64,
    /// Neither ended nor failed.
    pub open_runs: u64,
    /// Runs by status: they add up to `runs`.
    pub statuses: Statuses,
    pub turns: u64,
    pub llm_calls: u64,
    pub tool_calls: u64,
    pub errors: u64,
    pub usage: Option<Usage>,
    #[serde(flatten)]
    pub money: Money,
    pub verdicts: Verdicts,
    /// Of runs that have ended.
    pub duration_ms: Percentiles,
}

/// Runs by status.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Statuses {
    pub running: u64,
    pub completed: u64,
    pub failed: u64,
    pub incomplete: u64,
}

/// Verdicts, counted once per tool call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Verdicts {
    pub allow: u64,
    pub deny: u64,
    pub hitl: u64,
}

/// Nearest-rank percentiles.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Percentiles {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
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
    #[serde(flatten)]
    pub figures: GroupFigures,
}

/// Which values are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ValuesQuery {
    /// `agent`, `model`, `tool`, `service`, `user_id`, `session_id`, `tag`, …
    pub field: String,
    /// Only values that begin like this.
    pub prefix: String,
    pub limit: Option<u32>,
}

/// The values a filter can take.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Values {
    pub values: Vec<ValueCount>,
}

/// One value, and how many runs have it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ValueCount {
    pub value: String,
    pub runs: u64,
}
