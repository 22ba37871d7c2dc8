//! Turns: what was new for the model, what it said, which tools followed.

use crate::{
    outcome::{ErrorInfo, Money, Usage},
    step::Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use turnscope_model::Message;

/// One decision of a run's model and what followed from it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Turn {
    /// The turn's number, from 1.
    pub n: u64,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// From its model call to the end of its last tool, milliseconds with fractions.
    pub duration_ms: f64,
    /// Its model calls: usually one, more when a call was tried again.
    pub llm_step_ids: Vec<String>,
    /// The tool calls that followed.
    pub tool_step_ids: Vec<String>,
    /// The tools that were called, each once, in the order of their calls.
    pub tool_names: Vec<String>,
    /// Tokens of its model calls; null when nothing is known.
    pub usage: Option<Usage>,
    /// What its model calls cost.
    #[serde(flatten)]
    pub money: Money,
    /// The first error in it; null when nothing failed.
    pub error: Option<ErrorInfo>,
    /// Messages of the context that the turn before was not sent; null where no messages were captured.
    pub new_count: Option<usize>,
    /// Messages that the turn before was sent too.
    pub resent_count: Option<usize>,
    /// Messages of the turn before that are gone: a sliding window, or a compacted history.
    pub dropped_count: Option<usize>,
    /// The place of the first message that differs from the turn before, where a prompt cache misses; null when the
    /// context only grew.
    pub breaks_at: Option<usize>,
}

/// A turn with its messages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct TurnDetail {
    /// The turn.
    #[serde(flatten)]
    pub turn: Turn,
    /// The run that was asked for.
    pub run_id: String,
    /// What the turn before was not sent; in the first turn, the system prompt too.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub new_messages: Vec<Message>,
    /// What the model answered.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub output: Vec<Message>,
    /// The tool calls that followed.
    pub tools: Vec<ToolCall>,
}

/// One tool call of a turn.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ToolCall {
    /// The call.
    pub step: Step,
    /// What the model gave it; null when content was not captured.
    pub arguments: Option<serde_json::Value>,
    /// What the tool answered; null when it has not, or content was not captured.
    pub result: Option<serde_json::Value>,
    /// Which of `arguments` and `result` were sent as a null, and are not merely unknown.
    pub sent_as_null: Vec<String>,
}
