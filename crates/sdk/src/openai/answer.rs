//! Responses in the shape of the GenAI semantic conventions, and the parts that requests and responses share.

use crate::{LlmCall, Usage};
use serde_json::{Value as Json, json};

/// A response, or as much as has arrived of one.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    /// One for each choice, as the provider names it.
    pub(super) finish_reasons: Vec<String>,
    pub(super) usage: Usage,
    /// One for each choice.
    pub(super) messages: Vec<Json>,
    pub(super) service_tier: Option<String>,
    pub(super) fingerprint: Option<String>,
}

impl Answer {
    pub(super) fn of_chat(response: &Json) -> Self {
        let choices = response["choices"].as_array().map_or(&[][..], Vec::as_slice);
        Self {
            finish_reasons: choices.iter().filter_map(|choice| text(&choice["finish_reason"])).collect(),
            messages: choices.iter().map(choice).collect(),
            ..Self::metadata(response)
        }
    }

    pub(super) fn of_response(response: &Json) -> Self {
        let items = response["output"].as_array().map_or(&[][..], Vec::as_slice);
        let called = items.iter().any(|item| item["type"] == "function_call");
        let reason = match (response["status"].as_str(), &response["incomplete_details"]["reason"]) {
            (Some("completed"), _) if called => Some("tool_calls".to_owned()),
            (Some("completed"), _) => Some("stop".to_owned()),
            (Some("incomplete"), Json::String(why)) if why == "max_output_tokens" => {
                Some("length".to_owned())
            }
            (Some("incomplete"), why) => text(why),
            (status, _) => status.map(str::to_owned),
        };
        let parts: Vec<Json> = items.iter().flat_map(item_parts).collect();
        let message = message(&parts, reason.as_deref());
        Self {
            finish_reasons: reason.into_iter().collect(),
            messages: vec![message],
            ..Self::metadata(response)
        }
    }

    /// Everything except the messages.
    pub(super) fn metadata(response: &Json) -> Self {
        Self {
            id: text(&response["id"]),
            model: text(&response["model"]),
            usage: usage(&response["usage"]),
            service_tier: text(&response["service_tier"]),
            fingerprint: text(&response["system_fingerprint"]),
            ..Self::default()
        }
    }

    pub(super) fn record(&self, call: &LlmCall) {
        if let (Some(id), Some(model)) = (&self.id, &self.model) {
            call.response(id.clone(), model.clone());
        }
        call.usage(self.usage);
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

/// Both APIs report the same counts under different names.
pub(super) fn usage(usage: &Json) -> Usage {
    let count = |pointers: [&str; 2]| pointers.iter().find_map(|pointer| usage.pointer(pointer)?.as_u64());
    Usage {
        input: count(["/prompt_tokens", "/input_tokens"]),
        output: count(["/completion_tokens", "/output_tokens"]),
        cached: count(["/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens"]),
        cache_written: None,
        reasoning: count([
            "/completion_tokens_details/reasoning_tokens",
            "/output_tokens_details/reasoning_tokens",
        ]),
    }
}

/// An assistant message with the conventions' finish reason.
pub(super) fn message(parts: &[Json], reason: Option<&str>) -> Json {
    let reason = match reason {
        Some("tool_calls" | "function_call") => "tool_call",
        Some("failed" | "cancelled") | None => "error",
        Some(other) => other,
    };
    json!({"role": "assistant", "parts": parts, "finish_reason": reason})
}

fn choice(choice: &Json) -> Json {
    let said = &choice["message"];
    let mut parts = Vec::new();
    for (key, kind) in [("reasoning_content", "reasoning"), ("content", "text"), ("refusal", "refusal")] {
        if let Some(text) = said[key].as_str() {
            parts.push(json!({"type": kind, "content": text}));
        }
    }
    parts.extend(
        said["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|call| tool_call(&call["id"], &call["function"]["name"], &call["function"]["arguments"])),
    );
    message(&parts, choice["finish_reason"].as_str())
}

fn item_parts(item: &Json) -> Vec<Json> {
    match item["type"].as_str() {
        Some("message") => item["content"].as_array().into_iter().flatten().map(part).collect(),
        Some("function_call") => vec![tool_call(&item["call_id"], &item["name"], &item["arguments"])],
        Some("reasoning") => {
            let summaries = item["summary"].as_array().into_iter().flatten();
            summaries.map(|summary| json!({"type": "reasoning", "content": summary["text"]})).collect()
        }
        _ => vec![part(item)],
    }
}

/// Converts a message part. Parts that the conventions do not define are kept as they are.
pub(super) fn part(part: &Json) -> Json {
    match part["type"].as_str() {
        Some("text" | "input_text" | "output_text") => json!({"type": "text", "content": part["text"]}),
        Some("refusal") => json!({"type": "refusal", "content": part["refusal"]}),
        Some("image_url") => json!({"type": "uri", "modality": "image", "uri": part["image_url"]["url"]}),
        Some("input_image") => json!({"type": "uri", "modality": "image", "uri": part["image_url"]}),
        _ => part.clone(),
    }
}

/// Models write arguments as text; record it as JSON if it parses.
pub(super) fn tool_call(id: &Json, name: &Json, arguments: &Json) -> Json {
    let parsed = arguments.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
    json!({"type": "tool_call", "id": id, "name": name, "arguments": parsed.unwrap_or_else(|| arguments.clone())})
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}
