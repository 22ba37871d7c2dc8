//! One message, written in every way that is known: each must be read as the same.

use crate::any_otlp;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any},
    logs::v1::LogRecord,
    trace::v1::{Span, span::Event},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value as Json, json};
use turnscope_model::{ContentHash, Form, Kind, Message, Part, Purpose, Resolution};
use turnscope_otlp::messages::{Content, Previews, item_messages, item_text};

/// A call, its answer and what was said, as canonical messages.
fn conversation() -> Vec<Message> {
    let call = Part::ToolCall {
        id: Some("c1".into()),
        name: "weather".into(),
        arguments: Some(json!({"city": "Oslo"})),
    };
    let response = Part::ToolCallResponse { id: Some("c1".into()), response: json!({"sky": "grey"}) };
    vec![
        Message::text("user", "How is Oslo?"),
        Message { role: "assistant".into(), parts: vec![call], ..Message::default() },
        Message { role: "tool".into(), parts: vec![response], ..Message::default() },
        Message::text("assistant", "Grey."),
    ]
}

fn value(json: &Json) -> AnyValue {
    let value = match json {
        Json::Null => return AnyValue::default(),
        Json::Bool(flag) => Any::BoolValue(*flag),
        Json::Number(number) => Any::IntValue(number.as_i64().unwrap_or_default()),
        Json::String(text) => Any::StringValue(text.clone()),
        Json::Array(list) => Any::ArrayValue(ArrayValue { values: list.iter().map(value).collect() }),
        Json::Object(map) => Any::KvlistValue(KeyValueList {
            values: map.iter().map(|(key, json)| attribute(key, json)).collect(),
        }),
    };
    AnyValue { value: Some(value) }
}

fn attribute(key: &str, json: &Json) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value(json)), key_strindex: 0 }
}

fn span(attributes: &[(&str, Json)]) -> Span {
    Span {
        attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        ..Span::default()
    }
}

fn without_ids(mut messages: Vec<Message>) -> Vec<Message> {
    for message in &mut messages {
        assert!(message.id.is_some(), "every message has an id");
        message.id = None;
        message.finish_reason = None;
        // Anthropic and Bedrock send a tool's results as the user's.
        if matches!(message.parts[..], [Part::ToolCallResponse { .. }]) {
            message.role = "tool".into();
        }
    }
    messages
}

#[track_caller]
fn check(name: &str, span: &Span) {
    let found = Content::of_span(span, &[], Kind::Llm);
    assert_eq!(without_ids(found.input), conversation(), "{name}");
    assert_eq!(Previews::of_span(span, Kind::Llm).input_text.as_deref(), Some("How is Oslo?"), "{name}");
}

#[test]
fn every_shape_is_read() {
    let arguments = r#"{"city":"Oslo"}"#;
    let result = r#"{"sky":"grey"}"#;
    let lists = [
        (
            "genai",
            json!([
            {"role": "user", "parts": [{"type": "text", "content": "How is Oslo?"}]},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Oslo"}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": {"sky": "grey"}}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "Grey."}], "finish_reason": "stop"}]),
        ),
        (
            "openai",
            json!([
            {"role": "user", "content": [{"type": "text", "text": "How is Oslo?"}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
            {"role": "assistant", "content": "Grey."}]),
        ),
        (
            "openai responses",
            json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How is Oslo?"}]},
            {"type": "function_call", "call_id": "c1", "id": "fc_1", "name": "weather", "arguments": arguments},
            {"type": "function_call_output", "call_id": "c1", "output": result},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Grey.", "annotations": []}]}]),
        ),
        (
            "anthropic",
            json!([
            {"role": "user", "content": "How is Oslo?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": result}]}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Grey."}]}]),
        ),
        (
            "gemini",
            json!([
            {"role": "user", "parts": [{"text": "How is Oslo?"}]},
            {"role": "model", "parts": [{"function_call": {"id": "c1", "name": "weather", "args": {"city": "Oslo"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": {"sky": "grey"}}}]},
            {"role": "model", "parts": [{"text": "Grey."}]}]),
        ),
        (
            "bedrock",
            json!([
            {"role": "user", "content": [{"text": "How is Oslo?"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Oslo"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "status": "success", "content": [{"text": result}]}}]},
            {"role": "assistant", "content": [{"text": "Grey."}]}]),
        ),
        (
            "vercel",
            json!([
            {"role": "user", "content": [{"type": "text", "text": "How is Oslo?"}]},
            {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "input": {"city": "Oslo"}}]},
            {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "weather", "output": {"type": "text", "value": result}}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Grey."}]}]),
        ),
        (
            "langchain",
            json!([
            {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "How is Oslo?", "type": "human"}},
            {"type": "ai", "data": {"content": "", "tool_calls": [{"name": "weather", "args": {"city": "Oslo"}, "id": "c1", "type": "tool_call"}]}},
            {"type": "tool", "content": result, "tool_call_id": "c1"},
            {"type": "AIMessageChunk", "content": "Grey.", "additional_kwargs": {}}]),
        ),
        (
            "pydantic-ai events",
            json!([
            {"event.name": "gen_ai.user.message", "content": "How is Oslo?", "role": "user"},
            {"event.name": "gen_ai.assistant.message", "role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": arguments}}]},
            {"event.name": "gen_ai.tool.message", "id": "c1", "content": result, "role": "tool"},
            {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Grey."}}]),
        ),
    ];
    for (name, list) in &lists {
        check(name, &span(&[("gen_ai.input.messages", json!(list.to_string()))]));
        check(&format!("{name}, structured"), &span(&[("gen_ai.input.messages", list.clone())]));
        check(
            &format!("{name}, in a request"),
            &span(&[("input.value", json!(json!({"model": "m", "messages": list}).to_string()))]),
        );
        check(
            &format!("{name}, encoded twice"),
            &span(&[("mlflow.spanInputs", json!(json!(list.to_string()).to_string()))]),
        );
        let python = list.to_string().replace("null", "None");
        if !python.contains('\\') {
            check(
                &format!("{name}, as python"),
                &span(&[("llm.openai.messages", json!(python.replace('"', "'")))]),
            );
        }
    }
    let flat = |prefix: &str, inner: &str| {
        let keys = [
            ("0", "role", "user"),
            ("0", "content", "How is Oslo?"),
            ("1", "role", "assistant"),
            ("1", "tool_calls.0.id", "c1"),
            ("1", "tool_calls.0.name", "weather"),
            ("1", "tool_calls.0.arguments", arguments),
            ("2", "role", "tool"),
            ("2", "tool_call_id", "c1"),
            ("2", "content", result),
            ("3", "role", "assistant"),
            ("3", "content", "Grey."),
        ];
        let name = |key: &str| match key.strip_prefix("tool_calls.0.").filter(|_| !inner.is_empty()) {
            Some("id") => "tool_calls.0.tool_call.id".to_owned(),
            Some(field) => format!("tool_calls.0.tool_call.function.{field}"),
            None => key.to_owned(),
        };
        let attributes = keys
            .map(|(n, key, value)| attribute(&format!("{prefix}.{n}.{inner}{}", name(key)), &json!(value)));
        Span { attributes: attributes.into(), ..Span::default() }
    };
    check("openinference", &flat("llm.input_messages", "message."));
    check("openllmetry", &flat("gen_ai.prompt", ""));
}

#[test]
fn the_id_is_the_hash_of_the_item_as_sent() {
    let item = r#"{"role":"user","content":"hi"}"#;
    let span = span(&[("gen_ai.input.messages", json!(format!("[{item}, {item}]")))]);
    let found = Content::of_span(&span, &[], Kind::Llm).input;
    let id = ContentHash::of(Form::Text, item.as_bytes()).to_string();
    assert_eq!(
        found.iter().map(|message| message.id.clone()).collect::<Vec<_>>(),
        [Some(id.clone()), Some(id)]
    );
    assert_eq!(item_messages(Form::Text, item.as_bytes()), found[..1]);
}

#[test]
fn a_list_that_was_cut_off_shows_what_is_left() {
    let span = span(&[(
        "gen_ai.input.messages",
        json!(r#"[{"role":"user","content":"hi"},{"role":"assistant","conte"#),
    )]);
    let found = Content::of_span(&span, &[], Kind::Llm).input;
    assert_eq!(found[0].joined_text(), "hi");
    assert_eq!(found[1].parts, [Part::Other { value: json!(r#"{"role":"assistant","conte"#) }]);
}

#[test]
fn events_are_messages() {
    let event = |name: &str, attributes: Vec<KeyValue>| Event {
        name: name.to_owned(),
        attributes,
        ..Event::default()
    };
    let content = |text: &str| vec![attribute("content", &json!(text))];
    let strands = Span {
        events: vec![
            event("gen_ai.user.message", content(r#"[{"text": "How is Oslo?"}]"#)),
            event(
                "gen_ai.assistant.message",
                content(
                    r#"[{"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Oslo"}}}]"#,
                ),
            ),
            event(
                "gen_ai.tool.message",
                content(
                    r#"[{"toolResult": {"toolUseId": "c1", "content": [{"text": "{\"sky\":\"grey\"}"}]}}]"#,
                ),
            ),
            event("gen_ai.assistant.message", content(r#"[{"text": "Grey."}]"#)),
            event(
                "gen_ai.choice",
                vec![
                    attribute("message", &json!(r#"[{"text": "Bye."}]"#)),
                    attribute("finish_reason", &json!("end_turn")),
                ],
            ),
        ],
        ..Span::default()
    };
    check("strands", &strands);
    assert_eq!(Previews::of_span(&strands, Kind::Llm).output_text.as_deref(), Some("Bye."));
    let log = |name: &str, body: Json| LogRecord {
        event_name: name.to_owned(),
        body: Some(value(&body)),
        ..LogRecord::default()
    };
    let logs = [
        log("gen_ai.user.message", json!({"content": "How is Oslo?"})),
        log(
            "gen_ai.assistant.message",
            json!({"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}]}),
        ),
        log("gen_ai.tool.message", json!({"id": "c1", "content": "{\"sky\":\"grey\"}"})),
        log("gen_ai.assistant.message", json!("{\"role\":\"assistant\",\"content\":\"Grey.\"}")),
        log("gen_ai.choice", json!({"index": 0, "finish_reason": "stop", "message": {"content": "Bye."}})),
    ];
    let found = Content::of_span(&Span::default(), &logs, Kind::Llm);
    assert_eq!(found.output[0].joined_text(), "Bye.");
    assert_eq!(found.output[0].finish_reason.as_deref(), Some("stop"));
    assert_eq!(without_ids(found.input), conversation());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_a_reader_panic(
        span in any_otlp::span(), log in any_otlp::log(), text in any_otlp::text(), bytes in vec(any::<u8>(), 0..60),
        kind in prop::sample::select(Kind::ALL.to_vec()),
    ) {
        let _ = Content::of_span(&span, std::slice::from_ref(&log), kind);
        let _ = Content::of_log(&log, kind);
        let _ = Previews::of_span(&span, kind);
        for form in [Form::Text, Form::Bytes, Form::Array, Form::Flat] {
            for purpose in [Purpose::Input, Purpose::Result] {
                let _ = item_text(form, purpose, text.as_bytes());
                let _ = item_text(form, purpose, &bytes);
            }
            let _ = item_messages(form, &bytes);
        }
    }
}

#[test]
fn a_key_of_a_million_dots_does_not_nest_that_deep() {
    let key = format!("llm.input_messages.0{}", ".0".repeat(500_000));
    let found = Content::of_span(&span(&[(&key, json!("x"))]), &[], Kind::Llm);
    assert_eq!(found.input.len(), 1);
}

#[test]
fn a_log_whose_body_holds_both_sides_is_read() {
    let body = json!({"input.messages": [{"role": "user", "content": "How is Oslo?"}], "output.messages": [{"role": "assistant", "content": "Grey."}]});
    let log = LogRecord { body: Some(value(&body)), ..LogRecord::default() };
    let found = Content::of_span(&Span::default(), &[log], Kind::Llm);
    assert_eq!(
        (found.input[0].joined_text(), found.output[0].joined_text()),
        ("How is Oslo?".into(), "Grey.".into())
    );
}

#[test]
fn the_rest_of_a_call_is_read() {
    let definition = json!({"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}});
    let found = Content::of_span(
        &span(&[
            ("llm.tools.0.tool.json_schema", json!(definition.to_string())),
            ("llm.invocation_parameters", json!(r#"{"temperature": 0.5, "tools": []}"#)),
            ("gen_ai.request.max_tokens", json!(5)),
            ("gen_ai.system_instructions", json!(r#"[{"type":"text","content":"Be brief."}]"#)),
            ("ai.response.text", json!("Grey.")),
            (
                "ai.response.toolCalls",
                json!(r#"[{"toolCallId":"c1","toolName":"weather","input":"{\"city\":\"Oslo\"}"}]"#),
            ),
        ]),
        &[],
        Kind::Llm,
    );
    assert_eq!(found.tool_definitions[0].name, "weather");
    assert_eq!(found.tool_definitions[0].parameters, Some(json!({"type": "object"})));
    assert_eq!(found.system, [Part::Text { content: "Be brief.".into() }]);
    assert_eq!(Json::Object(found.parameters), json!({"max_tokens": 5, "temperature": 0.5}));
    assert_eq!((found.output.len(), found.output[0].parts.len()), (1, 2));

    let tool = span(&[("input.value", json!(r#"{"city":"Oslo"}"#)), ("output.value", json!("grey"))]);
    let found = Content::of_span(&tool, &[], Kind::Tool);
    assert_eq!((found.arguments, found.result), (Some(json!({"city": "Oslo"})), Some(json!("grey"))));
    let documents =
        span(&[("retrieval.documents.0.document.content", json!("d")), ("input.value", json!("q"))]);
    let found = Content::of_span(&documents, &[], Kind::Retrieval);
    assert_eq!((found.documents, found.input_value), (vec![json!({"content": "d"})], Some(json!("q"))));
    let printed = span(&[
        ("retrieval.documents.0.document.content", json!("d")),
        ("output.value", json!("[\"<NodeWithScore(node=TextNode(id_=1))>\"]")),
    ]);
    let found = Content::of_span(&printed, &[], Kind::Retrieval);
    assert_eq!(found.documents, [json!({"content": "d"})], "whatever else is printed as the output");
}

#[test]
fn the_text_of_an_item_is_what_people_search_for() {
    let check = |purpose: Purpose, item: Json, expected: &str| {
        assert_eq!(item_text(Form::Text, purpose, item.to_string().as_bytes()), expected);
    };
    check(
        Purpose::Input,
        json!({"role": "user", "parts": [{"type": "text", "content": "Hi\nyou"}]}),
        "Hi\nyou",
    );
    check(
        Purpose::Output,
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}]}),
        "weather\ncity\nOslo",
    );
    check(
        Purpose::Result,
        json!({"sky": "grey", "n": 5, "image": "iVBORw0KGgo1".repeat(200)}),
        "sky\ngrey\nn\n5\nimage",
    );
    check(
        Purpose::Input,
        json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}),
        "",
    );
    check(Purpose::Definitions, json!({"name": "weather"}), "");
    assert_eq!(item_text(Form::Text, Purpose::Arguments, b"plain words"), "plain words");
    assert_eq!(item_text(Form::Text, Purpose::Input, b"{\"cut\":\"off"), "{\"cut\":\"off");
}

#[test]
fn what_a_log_event_repeats_of_its_span_counts_once() {
    let list = json!(r#"[{"role": "user", "parts": [{"type": "text", "content": "Hi."}]}]"#);
    let attributes = vec![attribute("gen_ai.input.messages", &list)];
    let event = "gen_ai.client.inference.operation.details".to_owned();
    let log = LogRecord { attributes, event_name: event, ..LogRecord::default() };
    let found = Content::of_span(&span(&[("gen_ai.input.messages", list)]), &[log], Kind::Llm);
    assert_eq!(without_ids(found.input), [Message::text("user", "Hi.")]);
}

#[test]
fn arguments_and_results_come_out_of_their_envelopes() {
    let tool = |input: &Json, output: &Json| {
        let attributes =
            [("traceloop.entity.input", input.to_string()), ("traceloop.entity.output", output.to_string())];
        let found =
            Content::of_span(&span(&attributes.map(|(key, text)| (key, json!(text)))), &[], Kind::Tool);
        (found.arguments.unwrap(), found.result.unwrap())
    };
    let arguments = json!({"city": "Oslo"});
    let message = json!({"type": "tool", "content": "grey", "tool_call_id": "c1"});
    let callback =
        json!({"input_str": "{'city': 'Oslo'}", "inputs": arguments, "metadata": {"user_id": "u"}});
    assert_eq!(tool(&callback, &json!({"output": message})), (arguments.clone(), json!("grey")));
    let function = json!({"args": [], "kwargs": arguments, "sanitize": true});
    let output = json!({"tool_name": "weather", "raw_output": "grey", "is_error": false});
    assert_eq!(tool(&function, &output), (arguments.clone(), json!("grey")));
    let plain = json!({"content": "grey", "inputs": 2});
    assert_eq!(tool(&plain, &plain), (plain.clone(), plain.clone()));
}

#[test]
fn the_kind_of_a_part_tells_who_speaks() {
    let request = json!({"kind": "request", "parts": [
        {"part_kind": "system-prompt", "content": "Be kind."},
        {"part_kind": "user-prompt", "content": "How is Oslo?"},
        {"part_kind": "tool-return", "tool_name": "weather", "tool_call_id": "c1", "content": {"sky": "grey"}},
    ]});
    let answer = json!({"kind": "response", "parts": [
        {"part_kind": "tool-call", "tool_name": "weather", "tool_call_id": "c1", "args": {"city": "Oslo"}},
        {"part_kind": "text", "content": "Grey."},
    ]});
    let item = |json: &Json| item_messages(Form::Text, json.to_string().as_bytes());
    let conversation = conversation();
    let asked = [Message::text("system", "Be kind."), conversation[0].clone(), conversation[2].clone()];
    assert_eq!(without_ids(item(&request)), asked);
    let said = without_ids(item(&answer));
    let parts = [&conversation[1].parts[..], &conversation[3].parts[..]].concat();
    assert_eq!(said, [Message { role: "assistant".into(), parts, ..Message::default() }]);
}

#[test]
fn a_printed_message_names_its_source() {
    let print =
        "id='1' source='user' models_usage=None created_at=now() content='How is Oslo?' type='TextMessage'";
    let found = without_ids(item_messages(Form::Text, print.as_bytes()));
    assert_eq!(found, [Message::text("user", "How is Oslo?")]);
    let of_agent = print.replace("source='user'", "source='critic'");
    let found = without_ids(item_messages(Form::Text, of_agent.as_bytes()));
    assert_eq!((found[0].role.as_str(), found[0].name.as_deref()), ("assistant", Some("critic")));
}

#[test]
fn results_that_are_marked_as_failed_are_found() {
    let list = json!([
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x", "is_error": true}]},
        {"role": "tool", "tool_call_id": "b", "content": "no error", "status": "success"},
        {"role": "tool", "content": [{"tool_call_result": {"result": "x", "error": true, "origin": {"id": "c"}}}]},
    ]);
    let request = json!({"model": "m", "messages": list}).to_string();
    let found = Previews::of_span(&span(&[("input.value", json!(request))]), Kind::Llm);
    assert_eq!(found.failed_results, ["a", "c"]);
}

/// The question and the answer that a model call is shown with.
fn shown(attributes: &[(&str, Json)]) -> (Option<String>, Option<String>) {
    let previews = Previews::of_span(&span(attributes), Kind::Llm);
    (previews.input_text, previews.output_text)
}

#[test]
fn content_under_keys_of_no_table_is_read() {
    let said = json!("[{\"role\":\"user\",\"content\":\"How is Oslo?\"}]");
    for key in ["acme.step.input", "acme:llm.messages", "acme.prompt", "acme_input"] {
        assert_eq!(shown(&[(key, said.clone())]).0.as_deref(), Some("How is Oslo?"), "{key}");
    }
    for key in ["acme.step.output", "acme.llm.completion", "acme.answer"] {
        assert_eq!(shown(&[(key, json!("Grey."))]).1.as_deref(), Some("Grey."), "{key}");
    }
    for key in [
        "http.response",
        "acme.error.output",
        "acme.token.input",
        "acme.input.schema",
        "acme.throughput",
        "acme.settings.output",
    ] {
        assert_eq!(shown(&[(key, json!("Grey."))]), (None, None), "{key}");
    }
    assert_eq!(shown(&[("acme.output", json!(7))]).1, None, "a number about the output");
}

#[test]
fn an_answer_is_what_was_said() {
    let chunks = json!(
        "[{\"role\":\"model\",\"parts\":[{\"text\":\"It \"}]},{\"role\":\"model\",\"parts\":[{\"text\":\"is grey.\"}]}]"
    );
    assert_eq!(shown(&[("gen_ai.output.messages", chunks)]).1.as_deref(), Some("It is grey."));
    for nothing in [
        "<acme.Answer object at 0x7f50a03b3230>",
        "{\"output_type\": \"str\"}",
        "{\"__interrupt__\": [{\"value\": \"May I?\"}]}",
        "{\"status\": \"suspended\", \"reason\": \"approval\"}",
        "[object Object]",
    ] {
        assert_eq!(shown(&[("output.value", json!(nothing))]).1, None, "{nothing}");
    }
}

#[test]
fn tools_that_the_provider_ran_are_calls_with_results() {
    let parts = [
        json!({"type": "server_tool_call", "id": "w1", "name": "web_search", "server_tool_call": {"query": "q"}}),
        json!({"type": "server_tool_use", "id": "w1", "name": "web_search", "input": {"query": "q"}}),
        json!({"type": "web_search_call", "id": "w1", "status": "completed", "action": {"query": "q"}}),
        json!({"part_kind": "builtin-tool-call", "tool_call_id": "w1", "tool_name": "web_search", "args": {"query": "q"}}),
        json!({"toolRequest": {"name": "web_search", "ref": "w1", "input": {"query": "q"}}}),
    ];
    for part in parts {
        let sent = json!([{"role": "assistant", "content": [part, {"type": "text", "text": "Grey."}]}]);
        let content =
            Content::of_span(&span(&[("gen_ai.output.messages", json!(sent.to_string()))]), &[], Kind::Llm);
        let call = Part::ToolCall {
            id: Some("w1".into()),
            name: "web_search".into(),
            arguments: Some(json!({"query": "q"})),
        };
        let text = Part::Text { content: "Grey.".into() };
        assert_eq!(
            content.output.iter().flat_map(|m| m.parts.clone()).collect::<Vec<_>>(),
            [call, text],
            "{sent}"
        );
    }
    for part in [
        json!({"type": "server_tool_call_response", "id": "w1", "server_tool_call_response": {"sky": "grey"}}),
        json!({"type": "web_fetch_tool_result", "tool_use_id": "w1", "content": {"sky": "grey"}}),
        json!({"toolResponse": {"name": "web_search", "ref": "w1", "output": {"sky": "grey"}}}),
    ] {
        let sent = json!([{"role": "tool", "content": [part]}]).to_string();
        let content = Content::of_span(&span(&[("gen_ai.input.messages", json!(sent))]), &[], Kind::Llm);
        let response = Part::ToolCallResponse { id: Some("w1".into()), response: json!({"sky": "grey"}) };
        assert_eq!(
            content.input.iter().flat_map(|m| m.parts.clone()).collect::<Vec<_>>(),
            [response],
            "{sent}"
        );
    }
}

#[test]
fn bytes_are_media_however_they_were_written() {
    for data in [
        json!([137, 80, 78]),
        json!({"0": 137, "1": 80, "2": 78}),
        json!({"type": "Buffer", "data": [137, 80, 78]}),
    ] {
        let sent = json!([{"role": "user", "content": [{"type": "image", "image": data, "mediaType": "image/png"}]}]);
        let content =
            Content::of_span(&span(&[("ai.prompt.messages", json!(sent.to_string()))]), &[], Kind::Llm);
        let Some(Part::Blob { modality, content, .. }) = content.input[0].parts.first() else {
            panic!("{:?}", content.input)
        };
        assert_eq!((modality.as_str(), content.as_str()), ("image", "iVBO"), "{sent}");
    }
}

#[test]
fn a_tool_behind_which_the_model_goes_on_has_run() {
    let ran = |parts: Json, reason: Option<&str>| {
        let sent = json!([{"role": "assistant", "parts": parts, "finish_reason": reason}]).to_string();
        let span = span(&[("gen_ai.output.messages", json!(sent))]);
        Previews::of_span(&span, Kind::Llm).requested_tools.iter().map(|tool| tool.ran).collect::<Vec<_>>()
    };
    let call = json!({"type": "server_tool_call", "id": "w1", "name": "web_search"});
    let text = json!({"type": "text", "content": "In 1932."});
    let result = json!({"type": "server_tool_call_response", "id": "w1", "server_tool_call_response": {}});
    assert_eq!(ran(json!([call, text]), None), [true]);
    assert_eq!(ran(json!([call, result]), None), [true]);
    assert_eq!(ran(json!([text, call]), None), [false], "said before it asked");
    assert_eq!(ran(json!([call, text]), Some("tool_calls")), [false]);
}

#[test]
fn a_function_that_answers_with_nothing_but_an_error_failed() {
    let answer =
        |id: &str, response: Json| json!({"functionResponse": {"id": id, "name": "f", "response": response}});
    let contents = json!([
        {"role": "user", "parts": [answer("a", json!({"error": "no such order"}))]},
        {"role": "user", "parts": [answer("b", json!({"result": "no error"}))]},
        {"role": "user", "parts": [answer("c", json!({"error": null}))]},
    ]);
    let request = json!({"model": "m", "contents": contents}).to_string();
    let found = Previews::of_span(&span(&[("gcp.vertex.agent.llm_request", json!(request))]), Kind::Llm);
    assert_eq!(found.failed_results, ["a"]);
}

#[test]
fn an_agent_that_hands_out_calls_instead_of_an_answer_asks() {
    // pydantic-ai's DeferredToolRequests as an agent's result.
    let call = json!({"tool_name": "issue_refund", "args": "{}", "tool_call_id": "call_0263"});
    let result = json!({"calls": [], "approvals": [call], "metadata": {}}).to_string();
    let found = Previews::of_span(&span(&[("final_result", json!(result))]), Kind::Run);
    assert_eq!(found.asks[0].tool_call_id.as_deref(), Some("call_0263"));
    assert_eq!(found.asks[0].tool_name.as_deref(), Some("issue_refund"));
}

#[test]
fn a_command_that_resumes_may_stand_under_the_name_of_its_parameter() {
    let command = json!({"input": {"graph": null, "update": null, "resume": "yes", "goto": []}}).to_string();
    let found = Previews::of_span(&span(&[("gen_ai.prompt", json!(command))]), Kind::Workflow);
    assert_eq!(found.answers[0].text.as_deref(), Some("yes"));
}

#[test]
fn an_approval_without_ids_is_about_the_call_before_it() {
    let asked = json!({"role": "assistant", "parts": [
        {"type": "tool_call", "id": "call_0081", "name": "delete", "arguments": {"id": 7}},
        {"type": "tool-approval-request"},
    ]});
    let said = |response: Json| {
        let answer = json!({"role": "tool", "parts": [{"type": "tool-approval-response"}]});
        let result = json!({"type": "tool_call_response", "id": "call_0081", "response": response});
        let messages = json!([asked, answer, {"role": "tool", "parts": [result]}]).to_string();
        Previews::of_span(&span(&[("gen_ai.input.messages", json!(messages))]), Kind::Llm).answers
    };
    let denied = said(json!({"denied": true, "reason": "not today"}));
    assert_eq!(denied[0].tool_call_id.as_deref(), Some("call_0081"));
    assert_eq!(
        (denied[0].resolution, denied[0].text.as_deref()),
        (Some(Resolution::Rejected), Some("not today"))
    );
    let ran = said(json!("gone"));
    assert_eq!((ran.len(), ran[0].resolution), (1, None), "that it ran is for the steps to say");
}

#[test]
fn an_approval_is_about_the_call_of_the_request_that_it_numbers() {
    let messages = json!([
        {"role": "assistant", "content": [
            {"type": "tool-call", "toolCallId": "call_0082", "toolName": "delete", "input": {}},
            {"type": "tool-approval-request", "approvalId": "ap-1", "toolCallId": "call_0082"},
        ]},
        {"role": "tool", "content": [
            {"type": "tool-approval-response", "approvalId": "ap-1", "approved": false, "reason": "no"},
        ]},
    ]);
    let found =
        Previews::of_span(&span(&[("ai.prompt.messages", json!(messages.to_string()))]), Kind::Llm).answers;
    assert_eq!((found.len(), found[0].tool_call_id.as_deref()), (1, Some("call_0082")));
    assert_eq!(found[0].resolution, Some(Resolution::Rejected));
}

#[test]
fn a_confirmation_may_come_as_the_result_of_the_call() {
    let result = json!({"type": "tool_call_response", "id": "call_0083", "response": {"confirmed": false}});
    let messages = json!([{"role": "tool", "parts": [result]}]).to_string();
    let found = Previews::of_span(&span(&[("gen_ai.input.messages", json!(messages))]), Kind::Run).answers;
    assert_eq!(
        (found[0].tool_call_id.as_deref(), found[0].resolution),
        (Some("call_0083"), Some(Resolution::Rejected))
    );
}

#[test]
fn an_agent_that_ends_with_calls_leaves_them_open() {
    let call = json!({"type": "tool_call", "id": "call_0084", "name": "delete", "arguments": {}});
    let open = json!([{"role": "assistant", "parts": [call]}]).to_string();
    let found = Previews::of_span(&span(&[("gen_ai.output.messages", json!(open))]), Kind::Run);
    assert_eq!(found.requested_tools[0].id.as_deref(), Some("call_0084"));
    let over = json!([{"role": "assistant", "parts": [call]}, {"role": "assistant", "parts": [{"type": "text", "content": "Done."}]}]);
    let found = Previews::of_span(&span(&[("gen_ai.output.messages", json!(over.to_string()))]), Kind::Run);
    assert!(found.requested_tools.is_empty());
}

#[test]
fn values_of_tools_are_read_out_of_what_was_printed_or_wrapped() {
    let tool = |key: &str, value: &str| Content::of_span(&span(&[(key, json!(value))]), &[], Kind::Tool);
    let result = |value: &str| tool("gen_ai.tool.call.result", value).result;
    assert_eq!(result("content='It\\'s rainy' name='w' tool_call_id='c1'"), Some(json!("It's rainy")));
    assert_eq!(result("Result(status='success', result=[1, 2], error=None)"), Some(json!([1, 2])));
    assert_eq!(result("x=1"), Some(json!("x=1")), "a text");
    assert_eq!(result("{\"type\":\"text\",\"value\":\"rainy\"}"), Some(json!("rainy")));
    let arguments =
        tool("acme.step.input", "ToolCall(tool_name='w', tool_kwargs={'city': 'Oslo'}, tool_id='c1')");
    assert_eq!(arguments.arguments, Some(json!({"city": "Oslo"})));
    let own = tool("gen_ai.tool.call.arguments", "{\"type\":\"celsius\",\"value\":3}").arguments;
    assert_eq!(own, Some(json!({"type": "celsius", "value": 3})), "parameters of these names");
    let gave = |pairs: &[(&str, Json)]| Previews::of_span(&span(pairs), Kind::Tool).gave_nothing;
    let called = ("gen_ai.tool.call.arguments", json!("{\"a\":1}"));
    assert!(gave(std::slice::from_ref(&called)));
    assert!(!gave(&[called, ("gen_ai.tool.call.result", json!("1"))]));
    assert!(!gave(&[]), "nothing was told at all");
}

#[test]
fn an_answer_that_repeats_its_request_asks_for_nothing_of_it() {
    let call = json!({"toolRequest": {"name": "w", "input": {}, "ref": "call_0085"}});
    let messages = json!([
        {"role": "user", "content": [{"text": "How is Oslo?"}]},
        {"role": "model", "content": [call]},
        {"role": "tool", "content": [{"toolResponse": {"name": "w", "output": "grey", "ref": "call_0085"}}]},
    ]);
    let answer = json!({"role": "model", "content": [{"text": "Grey."}]});
    let output = json!({"message": answer, "request": {"messages": messages}}).to_string();
    let found = Previews::of_span(&span(&[("genkit:output", json!(output))]), Kind::Llm);
    assert_eq!((found.output_text.as_deref(), found.requested_tools.len()), (Some("Grey."), 0));
    let asks = json!({"message": {"role": "model", "content": [call]}, "request": {"messages": messages}});
    let found = Previews::of_span(&span(&[("genkit:output", json!(asks.to_string()))]), Kind::Llm);
    assert_eq!(found.requested_tools[0].id.as_deref(), Some("call_0085"));
}
