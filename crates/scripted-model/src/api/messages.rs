//! Anthropic's Messages API.

use super::{Answer, Event, halves, pieces};
use serde_json::{Value as Json, json};

pub(super) fn whole(answer: &Answer<'_>) -> Json {
    let mut whole = frame(answer);
    whole["content"] = blocks(answer).into_iter().map(|block| block.done).collect();
    whole["stop_reason"] = stop_reason(answer).into();
    whole["usage"] = usage(answer);
    whole
}

pub(super) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut push = |name: &'static str, mut data: Json| {
        data["type"] = name.into();
        events.push(Event::named(name, &data));
    };
    let mut begun = frame(answer);
    begun["usage"] = usage(answer);
    begun["usage"]["output_tokens"] = 1.into();
    push("message_start", json!({"message": begun}));
    for (index, block) in blocks(answer).into_iter().enumerate() {
        push("content_block_start", json!({"index": index, "content_block": block.start}));
        if index == 0 {
            push("ping", json!({}));
        }
        for delta in block.deltas {
            push("content_block_delta", json!({"index": index, "delta": delta}));
        }
        push("content_block_stop", json!({"index": index}));
    }
    push(
        "message_delta",
        json!({
            "delta": {"stop_reason": stop_reason(answer), "stop_sequence": null},
            "usage": {"output_tokens": answer.usage().output},
        }),
    );
    push("message_stop", json!({}));
    events
}

/// A content block: its start, its deltas, and its final form.
struct Block {
    start: Json,
    deltas: Vec<Json>,
    done: Json,
}

fn blocks(answer: &Answer<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(text) = &answer.reply.reasoning {
        let mut deltas: Vec<_> =
            pieces(text).map(|piece| json!({"type": "thinking_delta", "thinking": piece})).collect();
        deltas.push(json!({"type": "signature_delta", "signature": "scripted"}));
        blocks.push(Block {
            start: json!({"type": "thinking", "thinking": "", "signature": ""}),
            deltas,
            done: json!({"type": "thinking", "thinking": text, "signature": "scripted"}),
        });
    }
    if let Some(text) = &answer.reply.text {
        blocks.push(Block {
            start: json!({"type": "text", "text": ""}),
            deltas: pieces(text).map(|piece| json!({"type": "text_delta", "text": piece})).collect(),
            done: json!({"type": "text", "text": text}),
        });
    }
    for (index, call) in answer.reply.tool_calls.iter().enumerate() {
        let id = call.id.clone().unwrap_or_else(|| format!("toolu_{}_{}", answer.number, index + 1));
        let block = |input: &Json| json!({"type": "tool_use", "id": id, "name": call.name, "input": input});
        let arguments = call.arguments.to_string();
        blocks.push(Block {
            start: block(&json!({})),
            deltas: halves(&arguments)
                .into_iter()
                .map(|half| json!({"type": "input_json_delta", "partial_json": half}))
                .collect(),
            done: block(&call.arguments),
        });
    }
    blocks
}

fn frame(answer: &Answer<'_>) -> Json {
    json!({
        "id": format!("msg_{}", answer.number),
        "type": "message",
        "role": "assistant",
        "model": answer.model(),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
    })
}

fn stop_reason(answer: &Answer<'_>) -> &'static str {
    if answer.reply.tool_calls.is_empty() { "end_turn" } else { "tool_use" }
}

/// Anthropic's `input_tokens` exclude cache reads and writes.
fn usage(answer: &Answer<'_>) -> Json {
    let usage = answer.usage();
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached + usage.cache_written),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "service_tier": "standard",
    })
}
