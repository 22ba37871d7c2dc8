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
    /// The most steps in the window.
    pub limit: Option<usize>,
    /// Child runs' steps too; default true.
    pub children: Option<bool>,
    /// Each step whole; needs a window of at most 200 steps.
    pub include_data: Option<bool>,
    /// `columns` for the compact skeleton of large runs.
    pub format: Option<String>,
}

/// The steps of a run in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Timeline {
    pub run_id: String,
    /// Where offsets count from, milliseconds since the epoch.
    pub started_at: i64,
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
    pub run_id: String,
    pub started_at: i64,
    pub total: usize,
    pub next_from: Option<usize>,
    pub names: Vec<String>,
    /// The kinds that `kind` is an index into.
    pub kinds: Vec<String>,
    pub step_id: Vec<String>,
    /// The place of the parent in the whole timeline; null at the top.
    pub parent: Vec<Option<usize>>,
    pub depth: Vec<u32>,
    pub name: Vec<usize>,
    pub kind: Vec<u8>,
    /// 0 running, 1 ok, 2 error.
    pub status: Vec<u8>,
    pub start_offset_ms: Vec<f64>,
    pub duration_ms: Vec<Option<f64>>,
    pub turn: Vec<Option<u64>>,
    pub outer: Vec<bool>,
    /// The runs that `run` is an index into: the one asked for and its child runs.
    pub runs: Vec<String>,
    pub run: Vec<Option<usize>>,
    /// The services that `service` is an index into.
    pub services: Vec<String>,
    pub service: Vec<Option<usize>>,
    /// 0 none, 1 allow, 2 deny, 3 hitl.
    pub verdict: Vec<u8>,
}

/// Either form of a timeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TimelineReply {
    Steps(Timeline),
    Columns(Box<Columns>),
}

/// Which steps of the run's own are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepsQuery {
    pub limit: Option<usize>,
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
    pub steps: Vec<Step>,
    pub total: usize,
}
