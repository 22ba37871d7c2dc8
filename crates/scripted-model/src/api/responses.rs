//! OpenAI's responses API.

use super::{Answer, CREATED, Event, halves, pieces};
use serde_json::{Value as Json, json};

pub(super) fn whole(answer: &Answer<'_>) -> Json {
    let output: Vec<Json> = items(answer).into_iter().map(|item| item.done).collect();
    response(answer, "completed", &output)
}

pub(super) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let mut stream = Stream::default();
    let begun = response(answer, "in_progress", &[]);
    stream.push("response.created", json!({"response": begun.clone()}));
    stream.push("response.in_progress", json!({"response": begun}));
    let items = items(answer);
    for (index, item) in items.iter().enumerate() {
        stream.push("response.output_item.added", json!({"output_index": index, "item": item.added}));
        for (name, mut data) in item.between.clone() {
            data["output_index"] = index.into();
            data["item_id"] = item.done["id"].clone();
            stream.push(name, data);
        }
        stream.push("response.output_item.done", json!({"output_index": index, "item": item.done}));
    }
    let output: Vec<Json> = items.into_iter().map(|item| item.done).collect();
    stream.push("response.completed", json!({"response": response(answer, "completed", &output)}));
    stream.events
}

/// Collects and numbers events.
#[derive(Default)]
struct Stream {
    events: Vec<Event>,
}

impl Stream {
    fn push(&mut self, name: &'static str, mut data: Json) {
        data["type"] = name.into();
        data["sequence_number"] = self.events.len().into();
        self.events.push(Event::named(name, &data));
    }
}

/// An output item: its start, its events, and its final form.
struct Item {
    added: Json,
    between: Vec<(&'static str, Json)>,
    done: Json,
}

fn items(answer: &Answer<'_>) -> Vec<Item> {
    let id = |prefix: &str, index: usize| format!("{prefix}_{}_{}", answer.number, index + 1);
    let mut items = Vec::new();
    if let Some(text) = &answer.reply.reasoning {
        items.push(reasoning(&id("rs", 0), text));
    }
    if let Some(text) = &answer.reply.text {
        items.push(message(&id("msg", 0), text));
    }
    for (index, call) in answer.reply.tool_calls.iter().enumerate() {
        let call_id = answer.call_id(index, call);
        items.push(function_call(&id("fc", index), &call_id, &call.name, &call.arguments.to_string()));
    }
    items
}

fn reasoning(id: &str, text: &str) -> Item {
    let mut between = vec![(
        "response.reasoning_summary_part.added",
        json!({"summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
    )];
    between.extend(
        pieces(text).map(|piece| {
            ("response.reasoning_summary_text.delta", json!({"summary_index": 0, "delta": piece}))
        }),
    );
    between.push(("response.reasoning_summary_text.done", json!({"summary_index": 0, "text": text})));
    let part = json!({"type": "summary_text", "text": text});
    between.push(("response.reasoning_summary_part.done", json!({"summary_index": 0, "part": part})));
    Item {
        added: json!({"type": "reasoning", "id": id, "summary": []}),
        between,
        done: json!({"type": "reasoning", "id": id, "summary": [part]}),
    }
}

fn message(id: &str, text: &str) -> Item {
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let item = |status: &str, content: Json| json!({"type": "message", "id": id, "status": status, "role": "assistant", "content": content});
    let mut between = vec![("response.content_part.added", json!({"content_index": 0, "part": part("")}))];
    between.extend(pieces(text).map(|piece| {
        ("response.output_text.delta", json!({"content_index": 0, "delta": piece, "logprobs": []}))
    }));
    between.push(("response.output_text.done", json!({"content_index": 0, "text": text, "logprobs": []})));
    between.push(("response.content_part.done", json!({"content_index": 0, "part": part(text)})));
    Item { added: item("in_progress", json!([])), between, done: item("completed", json!([part(text)])) }
}

fn function_call(id: &str, call_id: &str, name: &str, arguments: &str) -> Item {
    let item = |status: &str, arguments: &str| {
        json!({
            "type": "function_call",
            "id": id,
            "call_id": call_id,
            "name": name,
            "arguments": arguments,
            "status": status,
        })
    };
    let mut between: Vec<_> = halves(arguments)
        .into_iter()
        .map(|half| ("response.function_call_arguments.delta", json!({"delta": half})))
        .collect();
    between.push(("response.function_call_arguments.done", json!({"name": name, "arguments": arguments})));
    Item { added: item("in_progress", ""), between, done: item("completed", arguments) }
}

fn response(answer: &Answer<'_>, status: &str, output: &[Json]) -> Json {
    let usage = if status == "completed" { usage(answer) } else { Json::Null };
    json!({
        "id": format!("resp_{}", answer.number),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": null,
        "incomplete_details": null,
        "instructions": answer.request["instructions"],
        "max_output_tokens": answer.request["max_output_tokens"],
        "metadata": {},
        "model": answer.model(),
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": answer.request["previous_response_id"],
        "reasoning": {"effort": null, "summary": null},
        "service_tier": "default",
        "store": true,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
    })
}

fn usage(answer: &Answer<'_>) -> Json {
    let usage = answer.usage();
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    })
}
