//! An answer in the shape of the GenAI semantic conventions, and the parts that all providers share.

use crate::{LlmCall, Usage};
use serde_json::{Value as Json, json};

/// An answer, or as much as has arrived of one.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    /// One for each choice, as the provider names it.
    pub(crate) finish_reasons: Vec<String>,
    pub(crate) usage: Usage,
    /// One for each choice.
    pub(crate) messages: Vec<Json>,
    pub(crate) service_tier: Option<String>,
    pub(crate) fingerprint: Option<String>,
}

impl Answer {
    pub(crate) fn record(&self, call: &LlmCall) {
        if self.id.is_some() || self.model.is_some() {
            call.response(self.id.clone(), self.model.clone());
        }
        if self.usage != Usage::default() {
            call.usage(self.usage);
        }
        if !self.finish_reasons.is_empty() {
            call.finish_reasons(self.finish_reasons.iter().cloned());
        }
        if let Some(tier) = &self.service_tier {
            call.set("openai.response.service_tier", tier.clone());
        }
        if let Some(fingerprint) = &self.fingerprint {
            call.set("openai.response.system_fingerprint", fingerprint.clone());
        }
        if !self.messages.is_empty() {
            call.output_messages(&self.messages);
        }
    }
}

/// An assistant message with the conventions' finish reason.
pub(super) fn message(parts: &[Json], reason: Option<&str>) -> Json {
    let reason = match reason {
        Some("tool_calls" | "function_call" | "tool_use") => "tool_call",
        Some("end_turn" | "stop_sequence" | "STOP") => "stop",
        Some("max_tokens" | "MAX_TOKENS") => "length",
        Some("SAFETY" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII") => "content_filter",
        Some("failed" | "cancelled") | None => "error",
        Some(other) => other,
    };
    json!({"role": "assistant", "parts": parts, "finish_reason": reason})
}

pub(super) fn text_part(content: &Json) -> Json {
    json!({"type": "text", "content": content})
}

/// Models write arguments as text; they are recorded as JSON if they are JSON.
pub(super) fn tool_call(id: &Json, name: &Json, arguments: &Json) -> Json {
    let parsed = arguments.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
    json!({"type": "tool_call", "id": id, "name": name, "arguments": parsed.unwrap_or_else(|| arguments.clone())})
}

pub(super) fn tool_result(id: &Json, result: &Json) -> Json {
    json!({"type": "tool_call_response", "id": id, "response": result})
}

pub(super) fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The items of a list, or none.
pub(super) fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}
