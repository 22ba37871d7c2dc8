//! The steps of a run in order.

use crate::step::Step;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of a timeline is wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TimelineQuery {
    /// The first step of the window.
    pub from: Option<usize>,
    /// The most steps in the window, 1 to 100000; default 10000. With `include_data`, 1 to 200; default 200.
    pub limit: Option<usize>,
    /// Child runs' steps too; default true.
    pub children: Option<bool>,
    /// Each step whole; not with `format=columns`.
    pub include_data: Option<bool>,
    /// `columns` for the compact skeleton of large runs.
    pub format: Option<String>,
}

/// The steps of a run in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Timeline {
    /// The run that was asked for.
    pub run_id: String,
    /// Where offsets count from, milliseconds since the epoch.
    pub started_at: i64,
    /// The steps of this window: those above the run, its own, and its child runs'.
    pub steps: Vec<Step>,
    /// How many steps there are in all.
    pub total: usize,
    /// Pass it as `from` for the next window; null on the last.
    pub next_from: Option<usize>,
}

/// The skeleton of a timeline: one array a column, all of the same length. Names are indices into `names`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Columns {
    /// The run that was asked for.
    pub run_id: String,
    /// Where offsets count from, milliseconds since the epoch.
    pub started_at: i64,
    /// How many steps there are in all.
    pub total: usize,
    /// Pass it as `from` for the next window; null on the last.
    pub next_from: Option<usize>,
    /// The names that `name` is an index into.
    pub names: Vec<String>,
    /// The kinds that `kind` is an index into.
    pub kinds: Vec<String>,
    /// The steps' ids.
    pub step_id: Vec<String>,
    /// The place of the parent in the whole timeline; null at the top.
    pub parent: Vec<Option<usize>>,
    /// How many steps stand above each.
    pub depth: Vec<u32>,
    /// The place in `names`.
    pub name: Vec<usize>,
    /// The place in `kinds`.
    pub kind: Vec<u8>,
    /// 0 running, 1 ok, 2 error, 3 pending, 4 waiting.
    pub status: Vec<u8>,
    /// From `started_at`, milliseconds with fractions; negative for steps above the run that began earlier.
    pub start_offset_ms: Vec<f64>,
    /// Milliseconds with fractions; null for a step that has not ended.
    pub duration_ms: Vec<Option<f64>>,
    /// The turn of the step's run, from 1; null outside of turns.
    pub turn: Vec<Option<u64>>,
    /// Whether the step lies above the run.
    pub outer: Vec<bool>,
    /// The runs that `run` is an index into: the one asked for and its child runs.
    pub runs: Vec<String>,
    /// The place in `runs`; null outside of runs.
    pub run: Vec<Option<usize>>,
    /// The services that `service` is an index into.
    pub services: Vec<String>,
    /// The place in `services`; null where nothing names the service.
    pub service: Vec<Option<usize>>,
    /// 0 none, 1 allow, 2 deny, 3 hitl.
    pub verdict: Vec<u8>,
    /// Tokens in and out of a call that counts; null for other steps, and when unknown.
    pub tokens: Vec<Option<u64>>,
    /// What a call that counts cost; null for other steps, and when unknown.
    pub cost_usd: Vec<Option<f64>>,
}

/// Either form of a timeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TimelineReply {
    /// Each step with all that lists show.
    Steps(Timeline),
    /// The compact form, with `format=columns`.
    Columns(Box<Columns>),
}

/// Which steps of the run's own are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepsQuery {
    /// Steps at most, up to 100,000; default 10,000.
    pub limit: Option<usize>,
    /// Steps to leave out before.
    pub offset: Option<usize>,
    /// A kind, several separated by commas.
    pub kind: Option<String>,
    /// Accepted for `kind`: `llm_call tool_call memory_read memory_write final_answer error custom`.
    pub event_type: Option<String>,
}

/// Some of a run's own steps.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Steps {
    /// The steps that were asked for, in order.
    pub steps: Vec<Step>,
    /// How many steps match in all.
    pub total: usize,
}
