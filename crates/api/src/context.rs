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
    /// What the window consists of, by the role of the messages.
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
    /// `system`, `tools`, `history`, `tool_results` or `new`.
    pub what: String,
    /// Messages, or lists of tool definitions, in this part.
    pub messages: usize,
    /// Their size as they were written.
    pub bytes: u64,
    /// Its share of `input_tokens`, by bytes.
    pub tokens: Option<u64>,
}
