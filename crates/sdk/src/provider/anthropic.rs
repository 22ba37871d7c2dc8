//! Anthropic's Messages API.

use super::{
    answer::{Answer, items, message, text, text_part, tool_call, tool_result},
    settings::{numbers, stops, texts},
};
use crate::{LlmCall, Usage};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const NUMBERS: &[(&str, &str)] = &[
    ("/max_tokens", "gen_ai.request.max_tokens"),
    ("/temperature", "gen_ai.request.temperature"),
    ("/top_p", "gen_ai.request.top_p"),
    ("/top_k", "gen_ai.request.top_k"),
];

const TEXTS: &[(&str, &str)] = &[("/service_tier", "gen_ai.request.service_tier")];

pub(super) fn request(call: &LlmCall, request: &Json) {
    numbers(call, request, NUMBERS);
    texts(call, request, TEXTS);
    stops(call, &request["stop_sequences"]);
    if !call.captures_content() {
        return;
    }
    let system = parts(&request["system"]);
    if !system.is_empty() {
        call.system_instructions(&system);
    }
    let said = |message: &Json| json!({"role": message["role"], "parts": parts(&message["content"])});
    call.input_messages(&items(&request["messages"]).map(said).collect::<Vec<_>>());
    if let Json::Array(tools) = &request["tools"] {
        call.tool_definitions(tools);
    }
}

pub(super) fn answer(response: &Json) -> Answer {
    let reason = text(&response["stop_reason"]);
    Answer {
        id: text(&response["id"]),
        model: text(&response["model"]),
        messages: vec![message(&parts(&response["content"]), reason.as_deref())],
        finish_reasons: reason.into_iter().collect(),
        usage: usage(&response["usage"]),
        ..Answer::default()
    }
}

/// Anthropic's input tokens exclude cache reads and writes; those of the conventions include them.
fn usage(usage: &Json) -> Usage {
    let count = |key: &str| usage[key].as_u64();
    let (cached, cache_written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let input = count("input_tokens").map(|fresh| fresh + cached.unwrap_or(0) + cache_written.unwrap_or(0));
    Usage { input, output: count("output_tokens"), cached, cache_written, reasoning: None }
}

fn parts(content: &Json) -> Vec<Json> {
    match content {
        Json::String(_) => vec![text_part(content)],
        blocks => items(blocks).map(part).collect(),
    }
}

/// Blocks that the conventions do not define are kept as they are.
fn part(block: &Json) -> Json {
    match block["type"].as_str() {
        Some("text") => text_part(&block["text"]),
        Some("thinking") => json!({"type": "reasoning", "content": block["thinking"]}),
        Some("tool_use") => tool_call(&block["id"], &block["name"], &block["input"]),
        Some("tool_result") => tool_result(&block["tool_use_id"], &block["content"]),
        Some("image") if block["source"]["type"] == "url" => {
            json!({"type": "uri", "modality": "image", "uri": block["source"]["url"]})
        }
        Some("image") => {
            let source = &block["source"];
            json!({"type": "blob", "modality": "image", "mime_type": source["media_type"], "content": source["data"]})
        }
        _ => block.clone(),
    }
}

/// The events of a stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    message: Json,
    blocks: BTreeMap<u64, Json>,
    is_complete: bool,
}

impl Events {
    /// Returns the type and message of an error event.
    pub(super) fn add(&mut self, event: &Json) -> Option<(String, String)> {
        let index = event["index"].as_u64().unwrap_or(0);
        match event["type"].as_str() {
            Some("message_start") => self.message = event["message"].clone(),
            Some("content_block_start") => {
                self.blocks.insert(index, event["content_block"].clone());
            }
            Some("content_block_delta") => {
                let block = self.blocks.entry(index).or_insert_with(|| json!({"type": "text", "text": ""}));
                let delta = &event["delta"];
                // Pieces of a tool's input are pieces of JSON, so they gather as text.
                for (from, to) in
                    [("text", "text"), ("thinking", "thinking"), ("partial_json", "partial_input")]
                {
                    if let Some(piece) = delta[from].as_str() {
                        let before = block[to].as_str().unwrap_or_default();
                        block[to] = [before, piece].concat().into();
                    }
                }
            }
            Some("message_delta") => {
                if let Json::String(reason) = &event["delta"]["stop_reason"] {
                    self.message["stop_reason"] = reason.clone().into();
                    self.is_complete = true;
                }
                for (key, count) in event["usage"].as_object().into_iter().flatten() {
                    self.message["usage"][key] = count.clone();
                }
            }
            Some("message_stop") => self.is_complete = true,
            _ => {}
        }
        None // an error event looks like an error answer
    }

    pub(super) fn finish(self) -> (Answer, bool) {
        let Self { mut message, blocks, is_complete } = self;
        if message.is_null() && blocks.is_empty() {
            return (Answer::default(), is_complete);
        }
        let whole = blocks.into_values().map(|mut block| {
            if let Json::String(input) = block["partial_input"].take() {
                block["input"] = input.into();
            }
            block
        });
        message["content"] = whole.collect();
        (answer(&message), is_complete)
    }
}
