//! `OpenAI`'s streams: chunks of chat completions, and events of responses.

use super::{
    answer::{Answer, items, message, tool_call},
    error_of,
    openai_answer::usage,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The events of either stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    chat: ChatChunks,
    response: ResponseEvents,
}

impl Events {
    /// Returns the type and message of an error event.
    pub(super) fn add(&mut self, event: &Json) -> Option<(String, String)> {
        if event["type"].is_string() {
            return self.response.add(event);
        }
        self.chat.add(event);
        None
    }

    pub(super) fn finish(self) -> (Answer, bool) {
        if self.response.whole.is_some() { self.response.finish() } else { self.chat.finish() }
    }
}

/// Collects the chunks of a streamed chat completion.
#[derive(Debug, Default)]
pub(crate) struct ChatChunks {
    answer: Answer,
    choices: BTreeMap<u64, Choice>,
}

#[derive(Debug, Default)]
struct Choice {
    reasoning: String,
    text: String,
    refusal: String,
    calls: BTreeMap<u64, Call>,
    reason: Option<String>,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl ChatChunks {
    pub(crate) fn add(&mut self, chunk: &Json) {
        if self.answer.id.is_none() {
            self.answer = Answer { usage: self.answer.usage, ..Answer::metadata(chunk) };
        }
        if chunk["usage"].is_object() {
            self.answer.usage = usage(&chunk["usage"]);
        }
        for part in items(&chunk["choices"]) {
            let choice = self.choices.entry(part["index"].as_u64().unwrap_or(0)).or_default();
            let delta = &part["delta"];
            choice.reasoning.extend(delta["reasoning_content"].as_str());
            choice.text.extend(delta["content"].as_str());
            choice.refusal.extend(delta["refusal"].as_str());
            if let Some(reason) = part["finish_reason"].as_str() {
                choice.reason = Some(reason.to_owned());
            }
            for piece in items(&delta["tool_calls"]) {
                let call = choice.calls.entry(piece["index"].as_u64().unwrap_or(0)).or_default();
                call.id.extend(piece["id"].as_str());
                call.name.extend(piece["function"]["name"].as_str());
                call.arguments.extend(piece["function"]["arguments"].as_str());
            }
        }
    }

    /// The answer, and whether it is complete though the stream may go on.
    pub(crate) fn finish(self) -> (Answer, bool) {
        let Self { mut answer, choices } = self;
        let is_complete = choices.values().any(|choice| choice.reason.is_some());
        for choice in choices.into_values() {
            answer.finish_reasons.extend(choice.reason.clone());
            let mut parts = Vec::new();
            for (kind, text) in
                [("reasoning", choice.reasoning), ("text", choice.text), ("refusal", choice.refusal)]
            {
                if !text.is_empty() {
                    parts.push(json!({"type": kind, "content": text}));
                }
            }
            let calls = choice.calls.into_values();
            parts
                .extend(calls.map(|call| {
                    tool_call(&call.id.into(), &call.name.into(), &Json::String(call.arguments))
                }));
            answer.messages.push(message(&parts, choice.reason.as_deref()));
        }
        (answer, is_complete)
    }
}

/// Collects the events of a streamed response; the last event contains the complete response.
#[derive(Debug, Default)]
pub(crate) struct ResponseEvents {
    whole: Option<Json>,
}

impl ResponseEvents {
    /// Returns the type and message of a failure.
    pub(crate) fn add(&mut self, event: &Json) -> Option<(String, String)> {
        match event["type"].as_str() {
            Some("response.created" | "response.completed" | "response.incomplete") => {
                self.whole = Some(event["response"].clone());
                None
            }
            Some("response.failed") => {
                self.whole = Some(event["response"].clone());
                let said =
                    |key: &str| event["response"]["error"][key].as_str().unwrap_or("_OTHER").to_owned();
                Some((said("code"), said("message")))
            }
            Some("error") if error_of(event).is_none() => {
                let said = |key: &str| event[key].as_str().unwrap_or("_OTHER").to_owned();
                Some((said("code"), said("message")))
            }
            _ => None,
        }
    }

    /// The answer, and whether it is complete though the stream may go on.
    pub(crate) fn finish(self) -> (Answer, bool) {
        match self.whole {
            Some(whole) => (Answer::of_response(&whole), whole["status"] != "in_progress"),
            None => (Answer::default(), false),
        }
    }
}
