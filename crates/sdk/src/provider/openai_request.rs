//! `OpenAI`'s requests: settings, and messages if content capture is on.

use super::{
    answer::{items, text_part, tool_call, tool_result},
    openai_answer::part,
    settings::{numbers, stops, texts},
};
use crate::LlmCall;
use serde_json::{Value as Json, json};

/// Numeric settings of chat completions and responses, with their attributes.
const NUMBERS: &[(&str, &str)] = &[
    ("/max_tokens", "gen_ai.request.max_tokens"),
    ("/max_completion_tokens", "gen_ai.request.max_tokens"),
    ("/max_output_tokens", "gen_ai.request.max_tokens"),
    ("/temperature", "gen_ai.request.temperature"),
    ("/top_p", "gen_ai.request.top_p"),
    ("/frequency_penalty", "gen_ai.request.frequency_penalty"),
    ("/presence_penalty", "gen_ai.request.presence_penalty"),
    ("/seed", "gen_ai.request.seed"),
];

/// Text settings, by JSON pointer.
const TEXTS: &[(&str, &str)] = &[
    ("/reasoning_effort", "gen_ai.request.reasoning.level"),
    ("/reasoning/effort", "gen_ai.request.reasoning.level"),
    ("/previous_response_id", "gen_ai.request.previous_response.id"),
    ("/service_tier", "openai.request.service_tier"),
];

pub(super) fn record(call: &LlmCall, request: &Json) {
    numbers(call, request, NUMBERS);
    texts(call, request, TEXTS);
    if let Some(n) = request["n"].as_i64().filter(|n| *n != 1) {
        call.set("gen_ai.request.choice.count", n);
    }
    stops(call, &request["stop"]);
    let format = request.pointer("/response_format/type").or_else(|| request.pointer("/text/format/type"));
    if let Some(format) = format.and_then(Json::as_str) {
        call.set("gen_ai.output.type", if format.starts_with("json") { "json" } else { "text" });
    }
    if call.captures_content() {
        content(call, request);
    }
}

fn content(call: &LlmCall, request: &Json) {
    if let Some(text) = request["instructions"].as_str() {
        call.system_instructions(&json!([{"type": "text", "content": text}]));
    }
    let messages: Vec<Json> = match (&request["messages"], &request["input"]) {
        (Json::Array(messages), _) => messages.iter().map(chat_message).collect(),
        (_, Json::Array(items)) => items.iter().map(response_item).collect(),
        (_, Json::String(text)) => {
            vec![json!({"role": "user", "parts": [{"type": "text", "content": text}]})]
        }
        _ => Vec::new(),
    };
    call.input_messages(&messages);
    if let Json::Array(tools) = &request["tools"] {
        call.tool_definitions(&tools.iter().map(tool).collect::<Vec<_>>());
    }
}

/// Chat completions wrap a function in an object; responses do not.
fn tool(tool: &Json) -> Json {
    match &tool["function"] {
        Json::Object(function) => {
            let mut flat = function.clone();
            flat.insert("type".into(), "function".into());
            Json::Object(flat)
        }
        _ => tool.clone(),
    }
}

fn chat_message(message: &Json) -> Json {
    let role = message["role"].as_str().unwrap_or("user");
    if role == "tool" {
        let id = &message["tool_call_id"];
        return json!({"role": "tool", "parts": [tool_result(id, &message["content"])]});
    }
    let mut parts = parts(&message["content"]);
    parts.extend(
        items(&message["tool_calls"])
            .map(|call| tool_call(&call["id"], &call["function"]["name"], &call["function"]["arguments"])),
    );
    let mut out = json!({"role": role, "parts": parts});
    if let Some(name) = message["name"].as_str() {
        out["name"] = name.into();
    }
    out
}

fn response_item(item: &Json) -> Json {
    match item["type"].as_str() {
        Some("function_call") => {
            let call = tool_call(&item["call_id"], &item["name"], &item["arguments"]);
            json!({"role": "assistant", "parts": [call]})
        }
        Some("function_call_output") => {
            json!({"role": "tool", "parts": [tool_result(&item["call_id"], &item["output"])]})
        }
        Some("message") | None => {
            json!({"role": item["role"].as_str().unwrap_or("user"), "parts": parts(&item["content"])})
        }
        // Items that the conventions do not define are kept as they are.
        Some(_) => json!({"role": "assistant", "parts": [part(item)]}),
    }
}

fn parts(content: &Json) -> Vec<Json> {
    match content {
        Json::String(_) => vec![text_part(content)],
        Json::Array(parts) => parts.iter().map(part).collect(),
        _ => Vec::new(),
    }
}
