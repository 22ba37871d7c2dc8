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
    pub n: u64,
    pub started_at: i64,
    pub duration_ms: f64,
    pub llm_step_ids: Vec<String>,
    pub tool_step_ids: Vec<String>,
    pub tool_names: Vec<String>,
    pub usage: Option<Usage>,
    #[serde(flatten)]
    pub money: Money,
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
    #[serde(flatten)]
    pub turn: Turn,
    pub run_id: String,
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
    pub step: Step,
    pub arguments: Option<serde_json::Value>,
    pub result: Option<serde_json::Value>,
}
