//! Gemini's `generateContent`. Its JSON has camel case, and the API takes snake case too.

use super::{
    answer::{Answer, items, message, text, text_part, tool_call, tool_result},
    settings::{numbers, stops},
};
use crate::{LlmCall, Usage};
use serde_json::{Value as Json, json};

const NUMBERS: &[(&str, &str)] = &[
    ("/maxOutputTokens", "gen_ai.request.max_tokens"),
    ("/max_output_tokens", "gen_ai.request.max_tokens"),
    ("/temperature", "gen_ai.request.temperature"),
    ("/topP", "gen_ai.request.top_p"),
    ("/top_p", "gen_ai.request.top_p"),
    ("/topK", "gen_ai.request.top_k"),
    ("/top_k", "gen_ai.request.top_k"),
    ("/seed", "gen_ai.request.seed"),
    ("/frequencyPenalty", "gen_ai.request.frequency_penalty"),
    ("/presencePenalty", "gen_ai.request.presence_penalty"),
];

/// The value under either spelling of a key.
fn either<'a>(of: &'a Json, camel: &str, snake: &str) -> &'a Json {
    if of[camel].is_null() { &of[snake] } else { &of[camel] }
}

pub(super) fn request(call: &LlmCall, request: &Json) {
    let settings = either(request, "generationConfig", "generation_config");
    numbers(call, settings, NUMBERS);
    stops(call, either(settings, "stopSequences", "stop_sequences"));
    if either(settings, "responseMimeType", "response_mime_type") == "application/json" {
        call.set("gen_ai.output.type", "json");
    }
    if !call.captures_content() {
        return;
    }
    let system = parts(&either(request, "systemInstruction", "system_instruction")["parts"]);
    if !system.is_empty() {
        call.system_instructions(&system);
    }
    let said = |content: &Json| {
        let role = if content["role"] == "model" { "assistant" } else { "user" };
        json!({"role": role, "parts": parts(&content["parts"])})
    };
    call.input_messages(&items(&request["contents"]).map(said).collect::<Vec<_>>());
    let declared = items(&request["tools"])
        .flat_map(|tool| items(either(tool, "functionDeclarations", "function_declarations")))
        .map(|function| {
            let mut tool = function.clone();
            tool["type"] = "function".into();
            tool
        });
    let declared: Vec<Json> = declared.collect();
    if !declared.is_empty() {
        call.tool_definitions(&declared);
    }
}

pub(super) fn answer(response: &Json) -> Answer {
    let mut events = Events::default();
    events.add(response);
    events.finish().0
}

fn usage(usage: &Json) -> Usage {
    let count = |camel: &str, snake: &str| either(usage, camel, snake).as_u64();
    let reasoning = count("thoughtsTokenCount", "thoughts_token_count");
    let answered = count("candidatesTokenCount", "candidates_token_count");
    // Its count of the answer excludes reasoning; that of the conventions includes it.
    let output = answered.or(reasoning.map(|_| 0)).map(|tokens| tokens + reasoning.unwrap_or(0));
    Usage {
        input: count("promptTokenCount", "prompt_token_count"),
        output,
        cached: count("cachedContentTokenCount", "cached_content_token_count"),
        cache_written: None,
        reasoning,
    }
}

fn parts(parts: &Json) -> Vec<Json> {
    items(parts).map(part).collect()
}

/// Parts that the conventions do not define are kept as they are.
fn part(part: &Json) -> Json {
    let call = either(part, "functionCall", "function_call");
    let response = either(part, "functionResponse", "function_response");
    let inline = either(part, "inlineData", "inline_data");
    if part["thought"] == true {
        json!({"type": "reasoning", "content": part["text"]})
    } else if part["text"].is_string() {
        text_part(&part["text"])
    } else if call.is_object() {
        tool_call(&call["id"], &call["name"], &call["args"])
    } else if response.is_object() {
        tool_result(&response["id"], &response["response"])
    } else if inline.is_object() {
        let kind = either(inline, "mimeType", "mime_type");
        let modality = kind.as_str().and_then(|kind| kind.split('/').next()).unwrap_or("file");
        json!({"type": "blob", "modality": modality, "mime_type": kind, "content": inline["data"]})
    } else {
        part.clone()
    }
}

/// The answers of a stream; each has further parts.
#[derive(Debug, Default)]
pub(super) struct Events {
    answer: Answer,
    candidates: Vec<Candidate>,
}

#[derive(Debug, Default)]
struct Candidate {
    parts: Vec<Json>,
    reason: Option<String>,
}

impl Events {
    pub(super) fn add(&mut self, event: &Json) -> Option<(String, String)> {
        let known = &mut self.answer;
        known.id = known.id.take().or_else(|| text(either(event, "responseId", "response_id")));
        known.model = known.model.take().or_else(|| text(either(event, "modelVersion", "model_version")));
        let used = either(event, "usageMetadata", "usage_metadata");
        if used.is_object() {
            known.usage = usage(used);
        }
        for (position, from) in items(&event["candidates"]).enumerate() {
            let index = from["index"].as_u64().and_then(|index| usize::try_from(index).ok());
            let index = index.unwrap_or(position).min(position.max(self.candidates.len()));
            if index >= self.candidates.len() {
                self.candidates.resize_with(index + 1, Candidate::default);
            }
            let candidate = &mut self.candidates[index];
            for part in parts(&from["content"]["parts"]) {
                candidate.add(part);
            }
            candidate.reason =
                text(either(from, "finishReason", "finish_reason")).or(candidate.reason.take());
        }
        None
    }

    pub(super) fn finish(self) -> (Answer, bool) {
        let Self { mut answer, candidates } = self;
        let is_complete = candidates.iter().any(|candidate| candidate.reason.is_some());
        for Candidate { parts, reason } in candidates {
            let is_call = parts.iter().any(|part| part["type"] == "tool_call");
            let said = if is_call && reason.as_deref() == Some("STOP") {
                Some("tool_calls")
            } else {
                reason.as_deref()
            };
            answer.messages.push(message(&parts, said));
            answer.finish_reasons.extend(reason);
        }
        (answer, is_complete)
    }
}

impl Candidate {
    /// Adds a part, or continues the text before it.
    fn add(&mut self, part: Json) {
        if let (Some(last), Some(more)) = (self.parts.last_mut(), part["content"].as_str())
            && last["type"] == part["type"]
            && (part["type"] == "text" || part["type"] == "reasoning")
        {
            let before = last["content"].as_str().unwrap_or_default();
            last["content"] = [before, more].concat().into();
            return;
        }
        self.parts.push(part);
    }
}
