//! Rules of one's own, as a user meets them: a producer that nobody knows, a capture, a file.

use crate::environment::TestEnvironment;
use serde_json::json;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

const RULES: &str = include_str!("../../../otlp/tests/it/zork.toml");

/// A request of the made-up framework, as OTLP/JSON.
fn capture() -> String {
    let span = |id: u8, parent: u8, name: &str, attributes: &[(&str, &str)]| {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }))
            .collect();
        let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
        json!({ "traceId": format!("{:032x}", 7), "spanId": format!("{id:016x}"), "parentSpanId": parent,
            "name": name, "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
            "attributes": attributes })
    };
    let spans = [
        span(1, 0, "zork", &[("zork.who", "grue"), ("zork.chat", "c-1")]),
        span(
            2,
            1,
            "zork.think",
            &[
                ("zork.engine", "deep-thought-2"),
                ("zork.stats", "{\"in\":{\"all\":120,\"old\":100},\"out\":7,\"first\":250}"),
                ("zork.heard", "[{\"role\":\"user\",\"content\":\"where is the lamp?\"}]"),
                ("zork.said", "[{\"role\":\"assistant\",\"content\":\"in the attic\"}]"),
            ],
        ),
        span(
            3,
            1,
            "zork.do",
            &[("zork.label", "take"), ("zork.with", "{\"what\":\"lamp\"}"), ("zork.got", "taken")],
        ),
    ];
    json!({ "resourceSpans": [{ "scopeSpans": [{ "scope": { "name": "zork-sdk" }, "spans": spans }] }] })
        .to_string()
}

/// Sends rules by REST; gives the reply.
fn put(listen: &str, rules: &str) -> String {
    let mut stream = TcpStream::connect(listen).unwrap();
    write!(
        stream,
        "PUT /v1/dialects HTTP/1.1\r\nhost: {listen}\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{rules}",
        rules.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn own_rules_are_tried_on_a_capture_and_say_where_they_are_wrong() {
    let env = TestEnvironment::new();
    fs::write(env.path("zork.toml"), RULES).unwrap();
    fs::write(env.path("capture.json"), capture()).unwrap();
    let said = env.ok(&["dialects", "test", "zork.toml", "capture.json"]);
    for found in [
        "~ kind: llm (without the file: other)",
        "+ model: deep-thought-2",
        "+ input_tokens: 120",
        "+ time_to_first_chunk_ms: 250",
        "+ tool_name: take",
        "+ input_messages: 1",
    ] {
        assert!(said.contains(found), "{found} in {said}");
    }
    fs::write(env.path("wrong.toml"), RULES.replace("model =", "modle =")).unwrap();
    let refused = env.run(&["dialects", "test", "wrong.toml", "capture.json"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("wrong.toml, line 21: there is no fact \"modle\"; use"), "{}", refused.err);
}

#[test]
fn own_rules_serve_what_comes_and_what_is_stored() {
    let env = TestEnvironment::new();
    let server = env.serve(&[]);
    fs::write(env.path("capture.json"), capture()).unwrap();
    env.ok(&["import", "capture.json", "--data", "data"]);
    assert_eq!(env.json(&["runs", "--data", "data", "--json"])["total"], 0, "nothing is understood");

    let refused = put(&server.listen, "[[dialect]]\nname = \"zork\"\n");
    assert!(
        refused.starts_with("HTTP/1.1 400") && refused.contains("line 1: nothing says which"),
        "{refused}"
    );
    let taken = put(&server.listen, RULES);
    assert!(taken.starts_with("HTTP/1.1 200") && taken.contains("zork.engine"), "{taken}");
    assert_eq!(fs::read_to_string(env.path("data/dialects.toml")).unwrap(), RULES);

    let done = env.json(&["reproject", "--data", "data", "--json"]);
    assert_eq!(done["changed"], 3, "{done}");
    let understood = || {
        let began = Instant::now();
        loop {
            let runs = env.json(&["runs", "--data", "data", "--json"]);
            if runs["total"] == 1 || began.elapsed() > Duration::from_secs(20) {
                return runs["runs"][0].clone();
            }
        }
    };
    let run = understood();
    for (name, value) in [
        ("agent_name", json!("grue")),
        ("session_id", json!("c-1")),
        ("dialect", json!("zork")),
        ("models", json!(["deep-thought-2"])),
        ("tools", json!(["take"])),
        ("input_tokens", json!(120)),
        ("output_tokens", json!(7)),
    ] {
        assert_eq!(run[name], value, "{name} of {run}");
    }
    let shown = env.ok(&["show", "last", "--data", "data"]);
    assert!(shown.contains("where is the lamp?") && shown.contains("in the attic"), "{shown}");
    assert!(env.ok(&["search", "lamp", "--data", "data"]).contains("where is the lamp?"));

    // The file is read again when it changes; a wrong one changes nothing.
    fs::write(env.path("data/dialects.toml"), "[[dialect]]").unwrap();
    let began = Instant::now();
    loop {
        let all = env.json(&["dialects", "list", "--data", "data", "--json"]);
        assert_eq!(all["own"][0]["name"], "zork");
        if all["file_error"].as_str().is_some_and(|error| error.contains("line 1")) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{all}");
    }
    server.stop();
}
