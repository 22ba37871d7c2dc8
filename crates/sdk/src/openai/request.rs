//! Records a request: its settings, and its messages if content capture is on.

use super::answer::{part, tool_call};
use crate::LlmCall;
use opentelemetry::{StringValue, Value};
use serde_json::{Value as Json, json};

/// Numeric settings of chat completions and responses, with their attributes.
const NUMBERS: &[(&str, &str)] = &[
    ("max_tokens", "gen_ai.request.max_tokens"),
    ("max_completion_tokens", "gen_ai.request.max_tokens"),
    ("max_output_tokens", "gen_ai.request.max_tokens"),
    ("temperature", "gen_ai.request.temperature"),
    ("top_p", "gen_ai.request.top_p"),
    ("frequency_penalty", "gen_ai.request.frequency_penalty"),
    ("presence_penalty", "gen_ai.request.presence_penalty"),
    ("seed", "gen_ai.request.seed"),
];

/// Text settings, by JSON pointer.
const TEXTS: &[(&str, &str)] = &[
    ("/reasoning_effort", "gen_ai.request.reasoning.level"),
    ("/reasoning/effort", "gen_ai.request.reasoning.level"),
    ("/previous_response_id", "gen_ai.request.previous_response.id"),
    ("/service_tier", "openai.request.service_tier"),
];

pub(super) fn record(call: &LlmCall, request: &Json) {
    for (key, attribute) in NUMBERS {
        match &request[*key] {
            Json::Number(number) if number.is_i64() => {
                call.set(*attribute, number.as_i64().unwrap_or_default());
            }
            // These passed through single precision: record 0.2, not 0.20000000298.
            Json::Number(number) => {
                call.set(*attribute, number.as_f64().map_or(0.0, |x| (x * 1e6).round() / 1e6));
            }
            _ => {}
        }
    }
    for (pointer, attribute) in TEXTS {
        if let Some(text) = request.pointer(pointer).and_then(Json::as_str).filter(|word| *word != "auto") {
            call.set(*attribute, text.to_owned());
        }
    }
    if let Some(n) = request["n"].as_i64().filter(|n| *n != 1) {
        call.set("gen_ai.request.choice.count", n);
    }
    let stops: Vec<StringValue> = match &request["stop"] {
        Json::String(stop) => vec![stop.clone().into()],
        Json::Array(stops) => {
            stops.iter().filter_map(Json::as_str).map(|stop| stop.to_owned().into()).collect()
        }
        _ => Vec::new(),
    };
    if !stops.is_empty() {
        call.set("gen_ai.request.stop_sequences", Value::Array(stops.into()));
    }
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
        return json!({"role": "tool", "parts": [
            {"type": "tool_call_response", "id": id, "response": message["content"]},
        ]});
    }
    let mut parts = parts(&message["content"]);
    parts.extend(
        message["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
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
        Some("function_call_output") => json!({"role": "tool", "parts": [
            {"type": "tool_call_response", "id": item["call_id"], "response": item["output"]},
        ]}),
        Some("message") | None => {
            json!({"role": item["role"].as_str().unwrap_or("user"), "parts": parts(&item["content"])})
        }
        // Items that the conventions do not define are kept as they are.
        Some(_) => json!({"role": "assistant", "parts": [part(item)]}),
    }
}

fn parts(content: &Json) -> Vec<Json> {
    match content {
        Json::String(text) => vec![json!({"type": "text", "content": text})],
        Json::Array(parts) => parts.iter().map(part).collect(),
        _ => Vec::new(),
    }
}
