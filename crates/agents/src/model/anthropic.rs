//! Anthropic's Messages API.

use super::{Answer, ModelError, Prompt, arguments, stream_error};
use crate::messages::{Call, Message};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Maximum length of an answer, in tokens; required by the API.
const MAX_TOKENS: u64 = 4096;

pub(super) fn body(model: &str, prompt: Prompt<'_>) -> Json {
    let message = |message: &Message| match message {
        Message::User(text) => json!({ "role": "user", "content": [{ "type": "text", "text": text }] }),
        Message::Assistant { text, calls } => {
            let said = (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
            let request = calls.iter().map(
                |call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input(&call.arguments) }),
            );
            json!({ "role": "assistant", "content": said.into_iter().chain(request).collect::<Vec<_>>() })
        }
        Message::Results(results) => {
            let result = |result: &crate::messages::CallResult| json!({ "type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.failed });
            json!({ "role": "user", "content": results.iter().map(result).collect::<Vec<_>>() })
        }
    };
    let messages: Vec<Json> = prompt.messages.iter().map(message).collect();
    let mut body = json!({ "model": model, "max_tokens": MAX_TOKENS, "system": prompt.system, "messages": messages, "stream": true });
    if !prompt.tools.is_empty() {
        let tool = |tool: &crate::messages::Definition| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.schema });
        body["tools"] = prompt.tools.iter().map(tool).collect();
    }
    body
}

/// The API accepts only objects as tool input.
fn input(arguments: &Json) -> Json {
    if arguments.is_object() { arguments.clone() } else { json!({ "text": arguments }) }
}

#[derive(Default)]
pub(super) struct AnswerBuilder {
    answer: Answer,
    /// The calls by block index, with the arguments received so far.
    calls: BTreeMap<u64, (Call, String)>,
}

impl AnswerBuilder {
    pub(super) fn add(&mut self, event: &Json) -> Result<(), ModelError> {
        let index = event["index"].as_u64().unwrap_or(0);
        match event["type"].as_str() {
            Some("error") => return Err(stream_error(event)),
            Some("message_start") => {
                let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
                self.answer.id = text(&event["message"]["id"]);
                self.answer.model = text(&event["message"]["model"]);
                self.count(&event["message"]["usage"]);
            }
            Some("content_block_start") if event["content_block"]["type"] == "tool_use" => {
                let block = &event["content_block"];
                let call = Call {
                    id: block["id"].as_str().unwrap_or_default().to_owned(),
                    name: block["name"].as_str().unwrap_or_default().to_owned(),
                    arguments: block["input"].clone(),
                };
                self.calls.insert(index, (call, String::new()));
            }
            Some("content_block_delta") => {
                self.answer.text.push_str(event["delta"]["text"].as_str().unwrap_or_default());
                if let Some((_, text)) = self.calls.get_mut(&index) {
                    text.push_str(event["delta"]["partial_json"].as_str().unwrap_or_default());
                }
            }
            Some("message_delta") => {
                if let Some(reason) = event["delta"]["stop_reason"].as_str() {
                    reason.clone_into(&mut self.answer.finish_reason);
                }
                self.count(&event["usage"]);
            }
            _ => {}
        }
        Ok(())
    }

    /// Anthropic's input tokens exclude cache reads and writes, so add them.
    fn count(&mut self, usage: &Json) {
        let known = &mut self.answer.usage;
        let of = |key: &str| usage[key].as_u64();
        known.cached = of("cache_read_input_tokens").or(known.cached);
        known.cache_written = of("cache_creation_input_tokens").or(known.cache_written);
        if let Some(fresh) = of("input_tokens") {
            known.input = Some(fresh + known.cached.unwrap_or(0) + known.cache_written.unwrap_or(0));
        }
        known.output = of("output_tokens").or(known.output);
    }

    pub(super) fn answer(mut self) -> Answer {
        let whole = |(mut call, text): (Call, String)| {
            if !text.is_empty() || !call.arguments.is_object() {
                call.arguments = arguments(&text);
            }
            call
        };
        self.answer.calls = self.calls.into_values().map(whole).collect();
        self.answer
    }
}
