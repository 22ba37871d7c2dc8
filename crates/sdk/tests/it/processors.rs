//! Redaction, truncation and sampling, through a complete set-up.

use crate::installation::{alone, quick};
use serde_json::{Value, json};
use turnscope::{FinishedSpan, RecordingConfig, Redaction, TailRules, finished_spans};

fn names(spans: &[FinishedSpan]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

#[test]
fn secrets_are_redacted_in_arguments_messages_errors_and_tags() {
    let _alone = alone();
    RecordingConfig { content: true, ..quick() }.install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.input("I am ada@example.org").tags(["078-05-1120"]);
    let tool = run.tool("login");
    tool.arguments(&json!({"password": "hunter2", "body": "{\"api_key\":\"swordfish\"}", "n": 3}));
    tool.fail("denied", "no access for ada@example.org");
    drop(tool);
    drop(run);
    let spans = finished_spans();
    let text = serde_json::to_string(&spans).unwrap();
    for secret in ["ada@example.org", "hunter2", "swordfish", "078-05"] {
        assert!(!text.contains(secret), "{secret} is still in {text}");
    }
    let arguments = spans[0].attributes["gen_ai.tool.call.arguments"].as_str().unwrap();
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!((&arguments["password"], &arguments["n"]), (&json!("[redacted:key]"), &json!(3)));

    RecordingConfig { content: true, redaction: Redaction::off(), ..quick() }.install().unwrap().detach();
    turnscope::run("helpdesk").input("I am ada@example.org");
    assert!(serde_json::to_string(&finished_spans()).unwrap().contains("ada@example.org"));
}

#[test]
fn long_values_are_truncated_with_a_marker() {
    let _alone = alone();
    RecordingConfig { max_value_bytes: 100, ..quick() }.install().unwrap().detach();
    turnscope::run("helpdesk").metadata("note", "ä".repeat(100));
    let spans = finished_spans();
    let note = spans[0].attributes["turnscope.metadata.note"].as_str().unwrap();
    assert!(note.starts_with('ä') && note.ends_with("…[truncated from 200 bytes]"), "{note}");
}

#[test]
fn a_rate_keeps_whole_traces() {
    let _alone = alone();
    RecordingConfig { sample_rate: Some(0.5), ..quick() }.install().unwrap().detach();
    for _ in 0..200 {
        turnscope::run("helpdesk").tool("t").end();
    }
    let spans = finished_spans();
    let runs = spans.iter().filter(|span| span.parent_span_id.is_none()).count();
    assert_eq!(spans.len(), 2 * runs);
    assert!((50..150).contains(&runs), "{runs} of 200");
    let error = RecordingConfig { sample_rate: Some(2.0), ..quick() }.install().unwrap_err();
    assert_eq!(error.to_string(), "sample_rate is 2; allowed: 0.0 to 1.0");
}

#[test]
fn only_traces_with_an_error_are_kept_completely() {
    let _alone = alone();
    RecordingConfig { sampler: Some(Box::new(TailRules::only_errors())), ..quick() }
        .install()
        .unwrap()
        .detach();
    turnscope::run("good").tool("fine").end();
    let run = turnscope::run("bad");
    run.tool("fine").end();
    run.tool("broken").fail("timeout", "too late");
    let late = run.tool("late");
    assert!(finished_spans().is_empty(), "undecided until the root ends");
    run.end();
    late.end();
    let wanted = ["execute_tool fine", "execute_tool broken", "invoke_agent bad", "execute_tool late"];
    assert_eq!(names(&finished_spans()), wanted);
}

#[test]
fn conversations_may_be_longer_and_each_attribute_can_have_its_own_limit() {
    let _alone = alone();
    let record = || {
        let run = turnscope::run("helpdesk");
        run.input(&"x".repeat(200_000)).metadata("note", "x".repeat(200_000)).fail("e", "x".repeat(20_000));
        run.end();
        let span = finished_spans().pop().unwrap();
        let length = |key: &str| span.attributes[key].as_str().unwrap().len();
        (length("gen_ai.input.messages"), length("turnscope.metadata.note"))
    };
    RecordingConfig { content: true, ..quick() }.install().unwrap().detach();
    let (messages, note) = record();
    assert!(messages > 200_000 && (65_536..65_600).contains(&note), "{messages} {note}");

    let mut config = RecordingConfig { content: true, max_value_bytes: 100_000, ..quick() };
    config.value_limits.insert("gen_ai.input.messages".to_owned(), 1000);
    config.value_limits.remove("*");
    config.install().unwrap().detach();
    let (messages, note) = record();
    assert!(messages <= 1000 && (100_000..100_100).contains(&note), "{messages} {note}");
}
