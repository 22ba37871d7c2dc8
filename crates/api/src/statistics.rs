//! Where a run's time, money and failures are, by kind, tool and model.

use crate::outcome::ErrorInfo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a run's time, money and failures are. Child runs are included.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunStatistics {
    /// The run that was asked for.
    pub run_id: String,
    /// How its time was spent.
    pub time: TimeSplit,
    /// The turn of the run's own whose calls cost most; null where no cost is known, and in a run of one turn.
    pub dearest_turn: Option<DearTurn>,
    /// The step that ran longest itself, while none of the steps in it ran; null in a run of one step.
    pub slowest_step: Option<SlowStep>,
    /// The failure that came first; null when nothing failed. A refusal is no failure.
    pub first_error: Option<FailedStep>,
    /// By kind of step.
    pub kinds: Vec<StepGroup>,
    /// By tool, calls that count.
    pub tools: Vec<StepGroup>,
    /// By model, calls that count.
    pub models: Vec<StepGroup>,
}

/// A run's time, milliseconds with fractions. Each moment counts once: the parts add up to the total.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct TimeSplit {
    /// From the run's beginning to its end, or to the last that is known of it.
    pub total_ms: f64,
    /// A model answered.
    pub model_ms: f64,
    /// A tool worked, a retrieval or the like, and no model answered.
    pub tools_ms: f64,
    /// A person was asked, and nothing worked.
    pub people_ms: f64,
    /// None of these: the agent's own code, or steps that were not sent.
    pub other_ms: f64,
}

/// A turn and what it cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DearTurn {
    /// The turn's number.
    pub n: u64,
    /// What its own calls cost.
    pub cost_usd: f64,
}

/// A step and its own time.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct SlowStep {
    /// The step.
    pub step_id: String,
    /// The tool's name, else the step's.
    pub name: String,
    /// The kind of step.
    pub kind: String,
    /// Milliseconds in which none of the steps in it ran.
    pub self_ms: f64,
}

/// A step and its error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FailedStep {
    /// The step.
    pub step_id: String,
    /// The tool's name, else the step's.
    pub name: String,
    /// Why it failed.
    pub error: ErrorInfo,
}

/// Steps of one kind, of one tool or of one model.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StepGroup {
    /// The kind, the tool or the model.
    pub name: String,
    /// How many steps.
    pub count: u64,
    /// Their durations together, milliseconds. Steps that ran at once count each.
    pub total_ms: f64,
    /// Of it, the time in which none of the steps in them ran.
    pub self_ms: f64,
    /// How many failed. A refusal is no failure.
    pub errors: u64,
    /// Tokens in and out of calls that count; null when none says.
    pub tokens: Option<u64>,
    /// What calls that count cost; null when unknown.
    pub cost_usd: Option<f64>,
}
