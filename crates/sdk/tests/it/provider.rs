//! Requests and answers as they are on the wire, of each provider, whole and streamed.

use crate::installation::{alone, quick};
use serde_json::{Value as Json, json};
use turnscope::{FinishedSpan, LlmCall, RecordingConfig, finished_spans, shutdown};

/// The span of a call that `record` filled.
fn recorded(provider: &'static str, record: impl FnOnce(&LlmCall)) -> FinishedSpan {
    RecordingConfig { content: true, ..quick() }.install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    let call = run.llm(provider, "m");
    record(&call);
    drop(call);
    let span = finished_spans().pop().unwrap();
    drop(run);
    shutdown().unwrap();
    span
}

#[track_caller]
fn check(span: &FinishedSpan, wanted: &Json) {
    for (key, wanted) in wanted.as_object().unwrap() {
        let found = span.attributes.get(key).cloned().unwrap_or_default();
        let found = match (&found, wanted) {
            (Json::String(text), Json::Array(_)) => serde_json::from_str(text).unwrap(),
            _ => found,
        };
        assert_eq!(&found, wanted, "{key} of {:?}", span.attributes);
    }
}

fn text(role: &str, content: &str) -> Json {
    json!({"role": role, "parts": [{"type": "text", "content": content}]})
}

fn answered(content: &str) -> Json {
    json!([{"role": "assistant", "parts": [{"type": "text", "content": content}], "finish_reason": "stop"}])
}

fn called(id: &Json) -> Json {
    let call = json!({"type": "tool_call", "id": id, "name": "lookup", "arguments": {"order": 17}});
    json!([{"role": "assistant", "parts": [call], "finish_reason": "tool_call"}])
}

#[test]
fn openai_chat_completions() {
    let _alone = alone();
    let request = json!({
        "model": "m", "max_completion_tokens": 100, "temperature": 0.2, "stop": "END", "seed": 7,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "tools": [{"type": "function", "function": {"name": "lookup"}}],
    });
    let answer = json!({
        "id": "c-1", "model": "m-2026", "usage": {
            "prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6},
        },
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    });
    let span = recorded("openai", |call| {
        call.openai_request(&request).openai_response(&answer);
    });
    assert_eq!(span.status, "unset");
    let wanted = json!({
        "gen_ai.request.max_tokens": 100, "gen_ai.request.temperature": 0.2, "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ["END"], "gen_ai.response.id": "c-1", "gen_ai.response.model": "m-2026",
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 4, "gen_ai.usage.cache_read.input_tokens": 6,
        "gen_ai.input.messages": [text("system", "Be brief."), text("user", "Hello")],
        "gen_ai.output.messages": answered("Hi"), "gen_ai.tool.definitions": [{"name": "lookup", "type": "function"}],
    });
    check(&span, &wanted);

    let chunk = |delta: Json, reason: Json| json!({"id": "c-2", "model": "m-2026", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let piece =
        |function: Json| json!({"tool_calls": [{"index": 0, "id": function["id"], "function": function}]});
    let span = recorded("openai", |call| {
        let mut stream = call.openai_stream();
        stream.add(&chunk(
            piece(json!({"id": "call_1", "name": "lookup", "arguments": "{\"order\""})),
            Json::Null,
        ));
        stream.add(&chunk(piece(json!({"arguments": ": 17}"})), Json::Null));
        stream.add(&chunk(json!({}), json!("tool_calls")));
        stream.add(&json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}));
        stream.end();
    });
    let wanted = json!({
        "gen_ai.output.messages": called(&json!("call_1")), "gen_ai.usage.input_tokens": 3,
        "gen_ai.request.stream": true, "gen_ai.response.finish_reasons": ["tool_calls"],
    });
    check(&span, &wanted);
    assert!(span.attributes.contains_key("gen_ai.response.time_to_first_chunk"));
}

#[test]
fn openai_responses() {
    let _alone = alone();
    let request = json!({
        "model": "m", "instructions": "Be brief.", "input": "Hello", "max_output_tokens": 50,
        "reasoning": {"effort": "low"},
    });
    let answer = json!({
        "id": "r-1", "model": "m-2026", "status": "completed", "usage": {"input_tokens": 8, "output_tokens": 2},
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}],
    });
    let wanted = json!({
        "gen_ai.request.max_tokens": 50, "gen_ai.request.reasoning.level": "low",
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": [text("user", "Hello")], "gen_ai.output.messages": answered("Hi"),
        "gen_ai.usage.input_tokens": 8,
    });
    let span = recorded("openai", |call| {
        call.openai_request(&request).openai_response(&answer).end();
    });
    check(&span, &wanted);
    let span = recorded("openai", |call| {
        call.openai_request(&request);
        let mut stream = call.openai_stream();
        stream.add(&json!({"type": "response.created", "response": {"id": "r-1", "status": "in_progress"}}));
        stream.add(&json!({"type": "response.output_text.delta", "delta": "Hi"}));
        stream.add(&json!({"type": "response.completed", "response": answer}));
    });
    check(&span, &wanted);
    assert_eq!(span.status, "unset", "it was complete when it was dropped");
    let span = recorded("openai", |call| {
        let mut stream = call.openai_stream();
        let error = json!({"code": "server_error", "message": "sorry"});
        stream.add(&json!({"type": "response.failed", "response": {"status": "failed", "error": error}}));
    });
    assert_eq!(span.error.unwrap().kind, "server_error");
}

#[test]
fn anthropic_messages() {
    let _alone = alone();
    let request = json!({
        "model": "m", "max_tokens": 100, "top_k": 5, "stop_sequences": ["END"], "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Where is order 17?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t-1", "name": "lookup", "input": {"order": 17}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t-1", "content": "at sea"}]},
        ],
        "tools": [{"name": "lookup", "input_schema": {}}],
    });
    let answer = json!({
        "id": "msg-1", "model": "m-2026", "role": "assistant", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "At sea."}],
        "usage": {"input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 2},
    });
    let span = recorded("anthropic", |call| {
        call.anthropic_request(&request).anthropic_response(&answer).end();
    });
    let call = json!({"type": "tool_call", "id": "t-1", "name": "lookup", "arguments": {"order": 17}});
    let result = json!({"type": "tool_call_response", "id": "t-1", "response": "at sea"});
    let wanted = json!({
        "gen_ai.request.max_tokens": 100, "gen_ai.request.top_k": 5, "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": [
            text("user", "Where is order 17?"), {"role": "assistant", "parts": [call]}, {"role": "user", "parts": [result]},
        ],
        "gen_ai.output.messages": answered("At sea."), "gen_ai.tool.definitions": [{"name": "lookup", "input_schema": {}}],
        "gen_ai.usage.input_tokens": 27, "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 20, "gen_ai.usage.cache_creation.input_tokens": 2,
    });
    check(&span, &wanted);

    let events = [
        json!({"type": "message_start", "message": {"id": "msg-2", "model": "m-2026", "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t-2", "name": "lookup", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"order\""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ": 17}"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 12}}),
    ];
    let span = recorded("anthropic", |call| {
        let mut stream = call.anthropic_stream();
        for event in &events {
            stream.add(event);
        }
    });
    let wanted = json!({
        "gen_ai.output.messages": called(&json!("t-2")), "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 12, "gen_ai.response.id": "msg-2",
    });
    check(&span, &wanted);

    let span = recorded("anthropic", |call| {
        let mut stream = call.anthropic_stream();
        for event in &events[..3] {
            stream.add(event);
        }
    });
    assert_eq!(span.error.unwrap().kind, "cancelled", "cut off");
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for stream in [true, false] {
        let span = recorded("anthropic", |call| {
            if stream {
                call.anthropic_stream().add(&error);
            } else {
                call.anthropic_response(&error);
            }
        });
        let error = span.error.unwrap();
        assert_eq!(
            (error.kind.as_str(), error.message.as_str()),
            ("overloaded_error", "Overloaded"),
            "{stream}"
        );
    }
}

#[test]
fn gemini() {
    let _alone = alone();
    let request = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Where is order 17?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "lookup", "args": {"order": 17}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "lookup", "response": {"at": "sea"}}}]},
        ],
        "generationConfig": {"maxOutputTokens": 100, "topP": 0.9, "stopSequences": ["END"]},
        "tools": [{"functionDeclarations": [{"name": "lookup"}]}],
    });
    let used = json!({"promptTokenCount": 11, "candidatesTokenCount": 4, "thoughtsTokenCount": 6});
    let part = |text: &str, reason: Json| {
        json!({
            "responseId": "g-1", "modelVersion": "m-2026", "usageMetadata": used,
            "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason}],
        })
    };
    let wanted = json!({
        "gen_ai.request.max_tokens": 100, "gen_ai.request.top_p": 0.9, "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": [
            text("user", "Where is order 17?"),
            {"role": "assistant", "parts": [{"type": "tool_call", "id": null, "name": "lookup", "arguments": {"order": 17}}]},
            {"role": "user", "parts": [{"type": "tool_call_response", "id": null, "response": {"at": "sea"}}]},
        ],
        "gen_ai.output.messages": answered("At sea."), "gen_ai.tool.definitions": [{"name": "lookup", "type": "function"}],
        "gen_ai.response.id": "g-1", "gen_ai.response.model": "m-2026", "gen_ai.response.finish_reasons": ["STOP"],
        "gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 6,
    });
    let span = recorded("gcp.gemini", |call| {
        call.gemini_request(&request).gemini_response(&part("At sea.", json!("STOP"))).end();
    });
    check(&span, &wanted);
    let span = recorded("gcp.gemini", |call| {
        call.gemini_request(&request);
        let mut stream = call.gemini_stream();
        stream.add(&part("At ", Json::Null));
        stream.add(&part("sea.", json!("STOP")));
        stream.end();
    });
    check(&span, &wanted);
    let error = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down"}});
    let span = recorded("gcp.gemini", |call| {
        call.gemini_response(&error);
    });
    assert_eq!(span.error.unwrap().kind, "RESOURCE_EXHAUSTED");
}

/// Whatever comes, nothing panics, and the call is recorded.
#[test]
fn json_of_another_shape_is_harmless() {
    let _alone = alone();
    let odd = [
        json!(null),
        json!([]),
        json!(17),
        json!({"choices": 3, "output": "x", "content": {}, "candidates": [1]}),
        json!({"messages": [1, {"content": [[]]}], "input": {}, "contents": "x", "tools": {}, "usage": [], "error": []}),
    ];
    for value in &odd {
        let span = recorded("any", |call| {
            call.openai_request(value).openai_response(value);
            call.anthropic_request(value).anthropic_response(value);
            call.gemini_request(value).gemini_response(value);
            call.openai_stream().add(value);
            call.anthropic_stream().add(value);
            call.gemini_stream().add(value);
            call.end();
        });
        assert_eq!(span.name, "chat m");
    }
}
