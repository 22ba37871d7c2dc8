//! `OpenAI`'s answers: chat completions and responses.

use super::answer::{Answer, items, message, text, text_part, tool_call};
use crate::Usage;
use serde_json::{Value as Json, json};

impl Answer {
    pub(crate) fn of_chat(response: &Json) -> Self {
        let choices = || items(&response["choices"]);
        Self {
            finish_reasons: choices().filter_map(|choice| text(&choice["finish_reason"])).collect(),
            messages: choices().map(choice).collect(),
            ..Self::metadata(response)
        }
    }

    pub(crate) fn of_response(response: &Json) -> Self {
        let output = || items(&response["output"]);
        let called = output().any(|item| item["type"] == "function_call");
        let reason = match (response["status"].as_str(), &response["incomplete_details"]["reason"]) {
            (Some("completed"), _) if called => Some("tool_calls".to_owned()),
            (Some("completed"), _) => Some("stop".to_owned()),
            (Some("incomplete"), Json::String(why)) if why == "max_output_tokens" => {
                Some("length".to_owned())
            }
            (Some("incomplete"), why) => text(why),
            (status, _) => status.map(str::to_owned),
        };
        let parts: Vec<Json> = output().flat_map(item_parts).collect();
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

fn choice(choice: &Json) -> Json {
    let said = &choice["message"];
    let mut parts = Vec::new();
    for (key, kind) in [("reasoning_content", "reasoning"), ("content", "text"), ("refusal", "refusal")] {
        if let Some(text) = said[key].as_str() {
            parts.push(json!({"type": kind, "content": text}));
        }
    }
    parts.extend(
        items(&said["tool_calls"])
            .map(|call| tool_call(&call["id"], &call["function"]["name"], &call["function"]["arguments"])),
    );
    message(&parts, choice["finish_reason"].as_str())
}

fn item_parts(item: &Json) -> Vec<Json> {
    match item["type"].as_str() {
        Some("message") => items(&item["content"]).map(part).collect(),
        Some("function_call") => vec![tool_call(&item["call_id"], &item["name"], &item["arguments"])],
        Some("reasoning") => items(&item["summary"])
            .map(|summary| json!({"type": "reasoning", "content": summary["text"]}))
            .collect(),
        _ => vec![part(item)],
    }
}

/// Converts a message part. Parts that the conventions do not define are kept as they are.
pub(super) fn part(part: &Json) -> Json {
    match part["type"].as_str() {
        Some("text" | "input_text" | "output_text") => text_part(&part["text"]),
        Some("refusal") => json!({"type": "refusal", "content": part["refusal"]}),
        Some("image_url") => json!({"type": "uri", "modality": "image", "uri": part["image_url"]["url"]}),
        Some("input_image") => json!({"type": "uri", "modality": "image", "uri": part["image_url"]}),
        _ => part.clone(),
    }
}
