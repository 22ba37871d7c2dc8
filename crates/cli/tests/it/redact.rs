//! The redaction rules on a text, and on what was stored before there were such rules.

use crate::environment::{Server, TestEnvironment, ran};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

const KEY: &str = "sk-proj-T001abcdefghij0123456789ABCDEFGHIJ";

/// Two runs as OTLP/JSON: one holds a key in a message, the other none.
fn otlp() -> String {
    let span = |trace: char, text: &str| {
        let messages = serde_json::json!([{"role": "user", "parts": [{"type": "text", "content": text}]}]);
        let attribute =
            |key: &str, value: String| serde_json::json!({"key": key, "value": {"stringValue": value}});
        serde_json::json!({
            "traceId": trace.to_string().repeat(32), "spanId": trace.to_string().repeat(16), "name": "invoke_agent clerk",
            "startTimeUnixNano": "1760000000000000000", "endTimeUnixNano": "1760000001000000000",
            "attributes": [
                attribute("gen_ai.operation.name", "invoke_agent".into()),
                attribute("gen_ai.agent.name", "clerk".into()),
                attribute("gen_ai.input.messages", messages.to_string()),
            ],
        })
    };
    let spans = [span('1', &format!("my key:\n{KEY}")), span('2', "no key at all")];
    serde_json::json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string()
}

fn request(server: &Server, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(&server.listen).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 2"), "{reply}");
    reply
}

#[test]
fn the_rules_can_be_tried_on_a_text() {
    let env = TestEnvironment::new();
    fs::write(env.path("text"), format!("DB_PASSWORD=hunter2222\nkey: {KEY}\nnothing\n")).unwrap();
    let tried = env.run(&["redact", "text"]);
    assert_eq!(tried.code, 0, "{}", tried.err);
    assert_eq!(tried.out, "DB_PASSWORD=[redacted:password]\nkey: [redacted:openai-key]\nnothing\n");
    assert!(tried.err.contains("2 secrets redacted"), "{}", tried.err);
    let output =
        env.command(&["redact", "text"]).env("TURNSCOPE_REDACT_PATTERNS", "noth[a-z]+").output().unwrap();
    assert!(ran(&output).out.contains("[redacted:pattern-1]"), "own rules count too");
    assert_eq!(env.run(&["redact", "missing"]).code, 1);
}

#[test]
fn what_was_stored_before_a_rule_is_found_and_stored_again_without_it() {
    let env = TestEnvironment::new();
    fs::write(env.path("old.json"), otlp()).unwrap();
    let server = env.serve(&["--redact", "off"]);
    let url = format!("http://{}", server.listen);
    env.ok(&["import", "old.json", "--server", &url]);
    let run = format!("{}-{}", "1".repeat(32), "1".repeat(16));
    request(&server, "POST", &format!("/v1/runs/{run}/scores"), r#"{"name":"quality","value":0.5}"#);
    request(&server, "PATCH", &format!("/v1/runs/{run}"), r#"{"tags":["kept"]}"#);
    let refused = env.run(&["redact", "--scan", "--rewrite", "--server", &url]);
    assert_eq!(refused.code, 1, "a server without rules would store the secret again: {}", refused.err);
    assert!(refused.err.contains("check its --redact"), "{}", refused.err);
    server.stop();

    assert!(env.ok(&["export", "--all", "--data", "data"]).contains(KEY));
    let scanned = env.run(&["redact", "--scan", "--data", "data"]);
    assert_eq!((scanned.code, scanned.out.lines().count()), (0, 1), "{}{}", scanned.out, scanned.err);
    assert!(scanned.out.starts_with(&format!("{run}  1 secret  ")), "{}", scanned.out);
    assert!(env.ok(&["export", "--all", "--data", "data"]).contains(KEY), "a scan changes nothing");

    let rewritten = env.run(&["redact", "--scan", "--rewrite", "--data", "data"]);
    assert_eq!(rewritten.code, 0, "{}", rewritten.err);
    let left = env.ok(&["export", "--all", "--data", "data"]);
    assert!(!left.contains(KEY) && left.contains("[redacted:openai-key]"), "{left}");
    assert!(left.contains("quality") && left.contains("kept") && left.contains("no key at all"), "{left}");
    let again = env.run(&["redact", "--scan", "--data", "data"]);
    assert!(again.err.contains("No run holds"), "{}", again.err);
}

#[test]
fn secrets_around_records_and_outside_runs_are_found_too() {
    let env = TestEnvironment::new();
    let secret = |key: &str| serde_json::json!([{"key": key, "value": {"stringValue": KEY}}]);
    let span = |trace: char, attributes: &str| {
        let mut span = serde_json::json!({"traceId": trace.to_string().repeat(32), "spanId": "1".repeat(16), "name": "a"});
        for time in ["startTimeUnixNano", "endTimeUnixNano"] {
            span[time] = "1760000000000000000".into();
        }
        span["attributes"] =
            serde_json::json!([{"key": "gen_ai.operation.name", "value": {"stringValue": attributes}}]);
        span
    };
    let sent = [
        // A run whose resource holds it, and a trace that makes none.
        serde_json::json!({"resourceSpans": [
            {"resource": {"attributes": secret("process.command")}, "scopeSpans": [{"spans": [span('1', "invoke_agent")]}]},
            {"scopeSpans": [{"scope": {"name": "s", "attributes": secret("x")}, "spans": [span('2', "GET")]}]}]}),
        serde_json::json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": KEY}}]}]}]}),
        serde_json::json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": "m", "gauge": {"dataPoints": [{"asInt": "1", "attributes": secret("x")}]}}]}]}]}),
    ];
    fs::write(env.path("old.jsonl"), sent.map(|object| format!("{object}\n")).concat()).unwrap();
    let server = env.serve(&["--redact", "off"]);
    env.ok(&["import", "old.jsonl", "--server", &format!("http://{}", server.listen)]);
    server.stop();
    let scanned = env.run(&["redact", "--scan", "--data", "data"]);
    assert_eq!((scanned.code, scanned.out.lines().count()), (0, 1), "{}{}", scanned.out, scanned.err);
    assert!(scanned.err.contains("3 secrets in what belongs to no run"), "{}", scanned.err);
    let rewritten = env.run(&["redact", "--scan", "--rewrite", "--data", "data"]);
    assert_eq!(rewritten.code, 1, "{}", rewritten.err);
    assert!(rewritten.err.contains("only runs are stored again"), "{}", rewritten.err);
    let left = env.ok(&["export", "--all", "--data", "data"]);
    assert_eq!(left.matches(KEY).count(), 3, "{left}");
    // The way that is named.
    fs::write(env.path("all.jsonl"), left).unwrap();
    env.ok(&["import", "all.jsonl", "--data", "clean"]);
    assert!(!env.ok(&["export", "--all", "--data", "clean"]).contains(KEY));
}
