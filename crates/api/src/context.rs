//! What filled the context window of each model call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The context windows of a run's model calls, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RunContext {
    /// The run that was asked for; its child runs are left out.
    pub run_id: String,
    /// Calls whose messages were captured.
    pub calls: Vec<CallContext>,
    /// Calls whose messages were not.
    pub unknown_count: usize,
    /// What was sent to these calls, that which took most tokens over all of them first; at most 100.
    pub messages: Vec<CarriedMessage>,
    /// How many different messages there are in all.
    pub message_count: usize,
}

/// The window of one call, and how it differs from that of the call before.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct CallContext {
    /// The step of the call.
    pub step_id: String,
    /// The turn that the call belongs to, from 1; null outside of turns.
    pub turn: Option<u64>,
    /// When the call began, milliseconds since the epoch.
    pub started_at: i64,
    /// The model that answered, else the one asked for; null when neither is known.
    pub model: Option<String>,
    /// As the provider counts; null when unknown.
    pub input_tokens: Option<u64>,
    /// Size of everything that the call was sent, as it was written.
    pub bytes: u64,
    /// What the window consists of, by the role of the messages, and of each role by when they came.
    pub segments: Vec<ContextSegment>,
    /// Messages that the call before was sent too.
    pub resent_count: usize,
    /// Messages of the call before that are gone.
    pub dropped_count: usize,
    /// New messages that stand before one that was sent again.
    pub rewritten_count: usize,
    /// History was replaced by less.
    pub compacted: bool,
    /// The first message that differs from the call before, where a prompt cache misses; null when the context only grew.
    pub change_at: Option<usize>,
}

/// What fills a part of a window.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ContextSegment {
    /// `system`, `tools`, `user`, `assistant` or `tool_results`; `unseen` for tokens that the provider counted and no
    /// message can account for, such as tool definitions that were not sent.
    pub what: String,
    /// Whether the call before was not sent it.
    pub new: bool,
    /// Messages, or lists of tool definitions, in this part.
    pub messages: usize,
    /// Their size as they were written.
    pub bytes: u64,
    /// Its share of `input_tokens`, by bytes.
    pub tokens: Option<u64>,
}

/// A message, or a list of tool definitions, over all calls that were sent it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct CarriedMessage {
    /// As in a segment.
    pub what: String,
    /// How it begins.
    pub preview: String,
    /// The first call that was sent it.
    pub step_id: String,
    /// That call's turn, from 1; null outside of turns.
    pub turn: Option<u64>,
    /// Its size as it was written.
    pub bytes: u64,
    /// How many calls were sent it.
    pub calls: usize,
    /// Its share of the input tokens of all of them, by bytes; null when one does not say.
    pub tokens: Option<u64>,
    /// Its share of what their input cost, as if cached tokens were spread evenly; null when that is unknown for one.
    pub cost_usd: Option<f64>,
}
