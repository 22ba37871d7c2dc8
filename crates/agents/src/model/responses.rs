//! `OpenAI`'s responses API.

use super::{Answer, ModelError, Prompt, arguments, arguments_text, stream_error};
use crate::messages::{Call, Message};
use serde_json::{Value as Json, json};
use turnscope::Usage;

pub(super) fn body(model: &str, prompt: Prompt<'_>) -> Json {
    let mut input = Vec::new();
    for message in prompt.messages {
        match message {
            Message::User(text) => input.push(json!({ "role": "user", "content": text })),
            Message::Assistant { text, calls } => {
                if !text.is_empty() {
                    input.push(json!({ "role": "assistant", "content": text }));
                }
                input.extend(calls.iter().map(|call| {
                    json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments_text(&call.arguments) })
                }));
            }
            Message::Results(results) => input.extend(results.iter().map(
                |result| json!({ "type": "function_call_output", "call_id": result.id, "output": result.text }),
            )),
        }
    }
    let mut body = json!({ "model": model, "instructions": prompt.system, "input": input, "stream": true, "store": false });
    if !prompt.tools.is_empty() {
        let tool = |tool: &crate::messages::Definition| json!({ "type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema });
        body["tools"] = prompt.tools.iter().map(tool).collect();
    }
    body
}

/// The last event contains the complete response; the earlier ones are only deltas.
#[derive(Default)]
pub(super) struct AnswerBuilder {
    answer: Answer,
}

impl AnswerBuilder {
    pub(super) fn add(&mut self, event: &Json) -> Result<(), ModelError> {
        match event["type"].as_str() {
            Some("error" | "response.failed") => Err(stream_error(event)),
            Some("response.completed" | "response.incomplete") => {
                self.answer = whole(&event["response"]);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn answer(self) -> Answer {
        self.answer
    }
}

fn whole(response: &Json) -> Answer {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut answer =
        Answer { id: text(&response["id"]), model: text(&response["model"]), ..Answer::default() };
    for item in response["output"].as_array().into_iter().flatten() {
        match item["type"].as_str() {
            Some("message") => {
                for part in item["content"].as_array().into_iter().flatten() {
                    answer.text.push_str(part["text"].as_str().unwrap_or_default());
                }
            }
            Some("function_call") => answer.calls.push(Call {
                id: text(&item["call_id"]),
                name: text(&item["name"]),
                arguments: arguments(item["arguments"].as_str().unwrap_or_default()),
            }),
            _ => {}
        }
    }
    let usage = &response["usage"];
    answer.usage = Usage {
        input: usage["input_tokens"].as_u64(),
        output: usage["output_tokens"].as_u64(),
        cached: usage["input_tokens_details"]["cached_tokens"].as_u64(),
        cache_written: None,
        reasoning: usage["output_tokens_details"]["reasoning_tokens"].as_u64(),
    };
    let status = response["status"].as_str().unwrap_or("completed");
    answer.finish_reason = match status {
        "completed" if answer.calls.is_empty() => "stop".to_owned(),
        "completed" => "tool_calls".to_owned(),
        other => response["incomplete_details"]["reason"].as_str().unwrap_or(other).to_owned(),
    };
    answer
}
