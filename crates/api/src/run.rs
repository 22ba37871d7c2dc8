//! One run, lists of runs, and how they are asked for.

use crate::{
    outcome::{ErrorInfo, Money},
    score::Score,
    turn::Turn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One execution of one agent. Its own figures leave its child runs out; `total` has them in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Run {
    pub run_id: String,
    pub native_run_id: Option<String>,
    pub trace_id: Option<String>,
    pub trace_ids: Vec<String>,
    pub span_id: Option<String>,
    pub parent_run_id: Option<String>,
    pub name: String,
    pub agent_name: Option<String>,
    pub service_name: String,
    pub dialect: String,
    /// `running`, `completed`, `failed` or `incomplete`.
    pub status: String,
    pub status_reason: Option<String>,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub duration_ms: f64,
    #[serde(flatten)]
    pub figures: Figures,
    #[serde(flatten)]
    pub money: Money,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    pub tools: Vec<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub user_role: Option<String>,
    pub trigger_type: Option<String>,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, String>,
    pub risk_tiers: Vec<String>,
    pub error: Option<ErrorInfo>,
    pub input_preview: Option<String>,
    pub output_preview: Option<String>,
    pub prompt_id: Option<String>,
    pub prompt_version: Option<String>,
    pub experiment_id: Option<String>,
    pub experiment_variant: Option<String>,
}

/// A run that a span link leads to or comes from, such as the answer that this one was made anew for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunLink {
    pub run_id: String,
    /// What the producer says of the link, such as `regenerated`; `linked` where it says nothing.
    pub why: String,
    /// `before`: this run points at that one; `after`: that one points here.
    pub direction: String,
}

/// Counts and tokens.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Figures {
    pub turn_count: u64,
    pub llm_call_count: u64,
    pub tool_call_count: u64,
    pub error_count: u64,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cache_read_tokens: Option<u64>,
    pub cache_write_tokens: Option<u64>,
    pub reasoning_tokens: Option<u64>,
    pub allow_count: u64,
    pub deny_count: u64,
    pub hitl_count: u64,
}

/// Filters of runs; several values of one filter are separated by commas, `*` stands for anything.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunQuery {
    pub limit: Option<u32>,
    pub offset: Option<u32>,
    pub cursor: Option<String>,
    /// `started_at`, `duration`, `cost` or `tokens`; a minus in front for the largest first. Default `-started_at`.
    pub order: Option<String>,
    pub status: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub agent: Option<String>,
    pub service: Option<String>,
    pub model: Option<String>,
    pub tool: Option<String>,
    pub provider: Option<String>,
    pub dialect: Option<String>,
    pub verdict: Option<String>,
    pub risk_tier: Option<String>,
    pub user_role: Option<String>,
    pub trigger_type: Option<String>,
    /// Words that the run's content must hold.
    pub search: Option<String>,
    /// Milliseconds since the epoch, exclusive.
    pub started_after: Option<f64>,
    /// Milliseconds since the epoch, exclusive.
    pub started_before: Option<f64>,
    pub min_duration_ms: Option<f64>,
    pub min_tokens: Option<f64>,
    pub min_cost: Option<f64>,
    pub has_error: Option<bool>,
    /// A score's name or label, or its name with a bound such as `helpful>=0.5`.
    pub score: Option<String>,
    pub tag: Option<String>,
    pub parent_run_id: Option<String>,
    pub roots_only: Option<bool>,
    pub prompt_id: Option<String>,
    pub prompt_version: Option<String>,
    pub experiment_id: Option<String>,
    pub experiment_variant: Option<String>,
    pub native_run_id: Option<String>,
    pub trace_id: Option<String>,
    /// The query language: `agent:triage cost>0.5 verdict:deny error:* "refund"`.
    pub q: Option<String>,
}

/// A page of runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunList {
    pub runs: Vec<ListedRun>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many there are in all: exact up to 10,000, then null.
    pub total: Option<u64>,
    /// Runs of the page that are damaged and could not be read, each with the reason.
    pub unreadable: Vec<String>,
}

/// A run with its totals and scores.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ListedRun {
    #[serde(flatten)]
    pub run: Run,
    /// The same figures with all child runs.
    pub total: Total,
    pub scores: Vec<Score>,
    /// The runs before and after this one.
    pub links: Vec<RunLink>,
}

/// A run with its turns and its child runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunDetail {
    #[serde(flatten)]
    pub run: Run,
    pub turns: Vec<Turn>,
    /// Its child runs, all levels, by start.
    pub children: Vec<Run>,
    /// The same figures with all child runs.
    pub total: Total,
    pub scores: Vec<Score>,
    /// The runs before and after this one.
    pub links: Vec<RunLink>,
}

/// Figures with all child runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Total {
    pub run_count: u64,
    #[serde(flatten)]
    pub figures: Figures,
    #[serde(flatten)]
    pub money: Money,
}

/// How a run is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OneQuery {
    /// An unambiguous beginning of the id, of four characters or more, will do.
    pub prefix: Option<bool>,
}

/// What can be changed about a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunChange {
    /// Tags to add.
    #[serde(default)]
    pub add_tags: Vec<String>,
    /// Tags to take away; those that came with telemetry stay.
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// The tags given by API become exactly these.
    pub tags: Option<Vec<String>>,
}

impl Figures {
    /// Input and output tokens; unknown only when both are.
    pub fn tokens(&self) -> Option<u64> {
        match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        }
    }
}
