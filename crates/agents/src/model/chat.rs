//! `OpenAI`'s chat completions API, and compatible ones.

use super::{Answer, ModelError, Prompt, arguments, arguments_text, stream_error};
use crate::messages::{Call, Message};
use serde_json::{Value as Json, json};
use turnscope::Usage;

pub(super) fn body(model: &str, prompt: Prompt<'_>) -> Json {
    let mut messages = vec![json!({ "role": "system", "content": prompt.system })];
    for message in prompt.messages {
        match message {
            Message::User(text) => messages.push(json!({ "role": "user", "content": text })),
            Message::Assistant { text, calls } => {
                let mut said = json!({ "role": "assistant", "content": text });
                if !calls.is_empty() {
                    said["tool_calls"] = calls.iter().map(call).collect();
                }
                messages.push(said);
            }
            Message::Results(results) => {
                messages.extend(results.iter().map(
                    |result| json!({ "role": "tool", "tool_call_id": result.id, "content": result.text }),
                ));
            }
        }
    }
    let mut body = json!({ "model": model, "messages": messages, "stream": true, "stream_options": { "include_usage": true } });
    if !prompt.tools.is_empty() {
        let tool = |tool: &crate::messages::Definition| json!({ "type": "function", "function": { "name": tool.name, "description": tool.description, "parameters": tool.schema } });
        body["tools"] = prompt.tools.iter().map(tool).collect();
    }
    body
}

fn call(call: &Call) -> Json {
    let function = json!({ "name": call.name, "arguments": arguments_text(&call.arguments) });
    json!({ "id": call.id, "type": "function", "function": function })
}

#[derive(Default)]
pub(super) struct AnswerBuilder {
    answer: Answer,
    /// Id, name and arguments of each call, as received so far.
    calls: Vec<(String, String, String)>,
}

impl AnswerBuilder {
    pub(super) fn add(&mut self, event: &Json) -> Result<(), ModelError> {
        if event["error"].is_object() {
            return Err(stream_error(event));
        }
        let set = |to: &mut String, value: &Json| {
            if let Some(text) = value.as_str() {
                text.clone_into(to);
            }
        };
        set(&mut self.answer.id, &event["id"]);
        set(&mut self.answer.model, &event["model"]);
        let choice = &event["choices"][0];
        set(&mut self.answer.finish_reason, &choice["finish_reason"]);
        self.answer.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for piece in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let at = piece["index"].as_u64().unwrap_or(0) as usize;
            if at > self.calls.len() {
                return Err(ModelError::Invalid(format!(
                    "tool call {at} arrived before tool call {}",
                    self.calls.len()
                )));
            }
            if at == self.calls.len() {
                self.calls.push(Default::default());
            }
            let (id, name, arguments) = &mut self.calls[at];
            set(id, &piece["id"]);
            set(name, &piece["function"]["name"]);
            arguments.push_str(piece["function"]["arguments"].as_str().unwrap_or_default());
        }
        if let Some(usage) = event["usage"].as_object() {
            self.answer.usage = Usage {
                input: usage.get("prompt_tokens").and_then(Json::as_u64),
                output: usage.get("completion_tokens").and_then(Json::as_u64),
                cached: event["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64(),
                cache_written: None,
                reasoning: event["usage"]["completion_tokens_details"]["reasoning_tokens"].as_u64(),
            };
        }
        Ok(())
    }

    pub(super) fn answer(mut self) -> Answer {
        let call =
            |(id, name, text): (String, String, String)| Call { id, name, arguments: arguments(&text) };
        self.answer.calls = self.calls.into_iter().map(call).collect();
        self.answer
    }
}
