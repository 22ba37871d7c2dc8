//! OpenAI's chat completions API.

use super::{Answer, CREATED, Event, halves, pieces};
use serde_json::{Value as Json, json};

pub(super) fn whole(answer: &Answer<'_>) -> Json {
    let mut message = json!({"role": "assistant", "content": answer.reply.text, "refusal": null});
    if let Some(reasoning) = &answer.reply.reasoning {
        message["reasoning_content"] = reasoning.as_str().into();
    }
    if !answer.reply.tool_calls.is_empty() {
        message["tool_calls"] = answer
            .reply
            .tool_calls
            .iter()
            .enumerate()
            .map(|(index, call)| {
                json!({
                    "id": answer.call_id(index, call),
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments.to_string()},
                })
            })
            .collect();
    }
    let mut whole = frame(answer, "chat.completion");
    whole["choices"] =
        json!([{"index": 0, "message": message, "finish_reason": finish_reason(answer), "logprobs": null}]);
    whole["usage"] = usage(answer);
    whole
}

pub(super) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let chunk = |delta: Json, finish_reason: Json| {
        let mut chunk = frame(answer, "chat.completion.chunk");
        chunk["choices"] =
            json!([{"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": null}]);
        Event::unnamed(&chunk)
    };
    let mut events = vec![chunk(json!({"role": "assistant", "content": ""}), Json::Null)];
    for piece in answer.reply.reasoning.iter().flat_map(|text| pieces(text)) {
        events.push(chunk(json!({"reasoning_content": piece}), Json::Null));
    }
    for piece in answer.reply.text.iter().flat_map(|text| pieces(text)) {
        events.push(chunk(json!({"content": piece}), Json::Null));
    }
    for (index, call) in answer.reply.tool_calls.iter().enumerate() {
        let begun = json!({
            "index": index,
            "id": answer.call_id(index, call),
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        });
        events.push(chunk(json!({"tool_calls": [begun]}), Json::Null));
        for half in halves(&call.arguments.to_string()) {
            let more = json!({"index": index, "function": {"arguments": half}});
            events.push(chunk(json!({"tool_calls": [more]}), Json::Null));
        }
    }
    events.push(chunk(json!({}), finish_reason(answer).into()));
    if answer.request["stream_options"]["include_usage"] == true {
        let mut last = frame(answer, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(answer);
        events.push(Event::unnamed(&last));
    }
    events.push(Event { name: None, data: "[DONE]".into() });
    events
}

fn frame(answer: &Answer<'_>, object: &str) -> Json {
    json!({
        "id": format!("chatcmpl-{}", answer.number),
        "object": object,
        "created": CREATED,
        "model": answer.model(),
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    })
}

fn finish_reason(answer: &Answer<'_>) -> &'static str {
    if answer.reply.tool_calls.is_empty() { "stop" } else { "tool_calls" }
}

fn usage(answer: &Answer<'_>) -> Json {
    let usage = answer.usage();
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
