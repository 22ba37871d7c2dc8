//! The `observability` section of an agent's YAML file.

use crate::{
    child::{is_child, process},
    collector::{Collector, text},
    installation::{alone, quick},
};
use opentelemetry::{
    global::set_tracer_provider,
    trace::{Span as _, Status, Tracer as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use serde_json::Value as Json;
use std::{env, time::Duration};
use turnscope::{Backend, Observability, Usage, finished_spans, get_tracer, setup_from_yaml, shutdown};

fn section(keys: &str) -> Result<Observability, String> {
    let file = format!("name: helpdesk\ntools: [a, {{b: c}}]\nobservability: {{{keys}}}\n");
    Observability::from_yaml(&file).map(Option::unwrap).map_err(|error| error.to_string())
}

#[test]
fn every_key_has_its_default() {
    let section = section("").unwrap();
    assert_eq!(section, Observability::default());
    assert_eq!((section.backend, section.sample_rate), (Backend::Otlp, 1.0));
    assert!(section.trace_tool_calls && section.trace_token_usage && !section.include_content);
    let config = section.config("helpdesk").unwrap();
    assert_eq!(config.service_name, "helpdesk");
    assert_eq!(config.otlp.unwrap().endpoint, "http://localhost:4317");
}

#[test]
fn every_key_is_applied() {
    for (keys, wanted) in [
        ("backend: console", "console: true"),
        ("endpoint: \"http://h:4317\"", r#"endpoint: "http://h:4317", metrics_endpoint: None"#),
        ("endpoint: \"http://h:4317\"", "protocol: Grpc"),
        ("endpoint: \"http://h:4318\"", r#"endpoint: "http://h:4318/v1/traces""#),
        ("endpoint: \"https://h/otel\"", "protocol: HttpProtobuf"),
        ("service_name: front", r#"service_name: "front""#),
        ("trace_tool_calls: false", "tool_calls: false"),
        ("trace_token_usage: false", "token_usage: false"),
        ("sample_rate: 0.25", "sample_rate: Some(0.25)"),
        ("include_content: true", " content: true"),
        ("live: true", " live: true"),
    ] {
        let config = format!("{:?}", section(keys).unwrap().config("helpdesk").unwrap());
        assert!(config.contains(wanted), "{keys} makes no {wanted}: {config}");
    }
}

#[test]
fn invalid_keys_and_values_are_named() {
    for (keys, wanted) in [
        ("backend: pigeon", "observability.backend is \"pigeon\"; allowed: otlp, logfire, console"),
        ("sample_rate: 1.5", "observability.sample_rate is 1.5; allowed: 0.0 to 1.0"),
        ("sample_rate: most", "observability.sample_rate is \"most\"; allowed: 0.0 to 1.0"),
        ("trace_tool_calls: 3", "observability.trace_tool_calls is 3; allowed: true, false"),
        ("endpoint: 17", "observability.endpoint is 17; allowed: an address"),
        (
            "end_point: x",
            "observability.end_point is \"x\"; allowed: only the keys backend, endpoint, service_name",
        ),
    ] {
        let error = section(keys).unwrap_err();
        assert!(error.contains(wanted), "{error}");
    }
    assert!(setup_from_yaml("a: [", "helpdesk").is_err());
    assert!(setup_from_yaml("observability: loud", "helpdesk").is_err());
}

#[test]
fn without_a_section_nothing_is_set_up() {
    let _alone = alone();
    let _ = shutdown();
    for file in ["", "name: helpdesk", "spec: {tools: []}", "spec: plain text", "observability:\nname: x"] {
        assert!(!setup_from_yaml(file, "helpdesk").unwrap().is_set_up(), "{file}");
        assert!(!turnscope::run("helpdesk").is_recording());
    }
    assert!(
        setup_from_yaml("spec: {name: x, observability: {backend: console}}", "helpdesk")
            .unwrap()
            .is_set_up()
    );
    let _ = shutdown();
}

#[test]
fn spans_go_over_grpc_with_the_agents_name_and_without_content() {
    let _alone = alone();
    let collector = Collector::start();
    let file = format!("observability: {{endpoint: \"{}\", include_content: false}}", collector.url());
    setup_from_yaml(&file, "helpdesk").unwrap().detach();
    turnscope::run("helpdesk").input("hello");
    let _ = shutdown();
    let received = collector.next();
    assert_eq!(received.header("content-type"), "application/grpc");
    assert_eq!(received.resource("service.name").unwrap(), "helpdesk");
    assert!(text(&received.spans()[0].attributes, "gen_ai.input.messages").is_none());
}

#[test]
fn the_children_of_an_unrecorded_tool_call_belong_to_its_turn() {
    let _alone = alone();
    section("backend: console, trace_tool_calls: false, trace_token_usage: false, include_content: true")
        .unwrap()
        .install("helpdesk")
        .unwrap()
        .detach();
    let run = turnscope::run("helpdesk");
    let turn = run.turn();
    let tool = turn.tool("lookup");
    tool.call_id("call_1").fail("timeout", "too late");
    let call = tool.llm("openai", "gpt-5-mini");
    call.input_messages(&[1]).usage(Usage { input: Some(3), ..Usage::default() });
    call.end();
    turn.embedding("openai", "e").input_tokens(5);
    tool.end();
    turn.end();
    run.end();
    let spans = finished_spans();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["chat gpt-5-mini", "embeddings e", "agent_step", "invoke_agent helpdesk"]);
    assert_eq!(spans[0].parent_span_id.as_deref(), Some(spans[2].span_id.as_str()));
    assert_eq!(spans[2].status, "unset", "the tool's failure is not the turn's");
    assert!(spans[0].attributes.contains_key("gen_ai.input.messages"));
    assert!(spans.iter().all(|span| !span.attributes.contains_key("gen_ai.usage.input_tokens")));
    let _ = shutdown();
}

#[test]
fn a_process_with_a_section_of_its_own() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let section = section(&env::var("TURNSCOPE_TEST_SECTION").unwrap()).unwrap();
    if let Err(error) = section.install("helpdesk") {
        println!("error: {error}");
    }
    let run = turnscope::run("helpdesk");
    run.llm("openai", "gpt-5-mini").fail("timeout", "too late");
    run.end();
    let _ = shutdown();
}

fn output_of(section: &str, variables: &[(&str, &str)]) -> String {
    let name = "observability::a_process_with_a_section_of_its_own";
    process(name, &[&[("TURNSCOPE_TEST_SECTION", section)], variables].concat())
}

#[test]
fn the_console_shows_each_span_as_one_object() {
    let output = output_of("backend: console", &[]);
    let spans: Vec<Json> = output
        .lines()
        .filter_map(|line| line.find("{\"name\"").map(|at| serde_json::from_str(&line[at..]).unwrap()))
        .collect();
    let (call, run) = (&spans[0], &spans[1]);
    for span in &spans {
        let keys: Vec<_> = span.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted =
            ["name", "context", "kind", "parent_id", "start_time", "end_time", "status", "attributes"];
        wanted.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, wanted);
        assert_eq!(span["context"]["trace_id"].as_str().unwrap().len(), 34);
        assert!(span["context"]["span_id"].as_str().unwrap().starts_with("0x"));
        assert_eq!(span["context"]["trace_state"], "");
        assert!(span["start_time"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!((&call["name"], &call["kind"]), (&"chat gpt-5-mini".into(), &"CLIENT".into()));
    assert_eq!((&call["parent_id"], &run["parent_id"]), (&run["context"]["span_id"], &Json::Null));
    assert_eq!(call["status"], serde_json::json!({"status_code": "ERROR", "description": "too late"}));
    assert_eq!(call["attributes"]["gen_ai.provider.name"], "openai");
}

#[test]
fn logfire_gets_the_token_and_a_missing_one_is_an_error() {
    let said_without = output_of("backend: logfire", &[]);
    assert!(said_without.contains("LOGFIRE_TOKEN is (not set)"), "{said_without}");
    let collector = Collector::start();
    let token = ("LOGFIRE_TOKEN", "pylf_v1_eu_abc");
    output_of("backend: logfire", &[token, ("LOGFIRE_BASE_URL", &collector.url())]);
    let received = collector.next();
    assert_eq!((received.path.as_str(), received.header("authorization")), ("/v1/traces", "pylf_v1_eu_abc"));
    assert_eq!(received.spans().len(), 2);
}

#[test]
fn a_process_with_a_global_provider() {
    if !is_child() {
        return; // run by another test, in a child process
    }
    let logfire = || section("backend: logfire, include_content: true").unwrap().install("helpdesk");
    assert!(logfire().unwrap_err().to_string().contains("LOGFIRE_TOKEN"));
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone());
    set_tracer_provider(provider.with_sampler(Sampler::AlwaysOn).build());
    logfire().unwrap().detach();
    assert!(exporter.get_finished_spans().unwrap().is_empty(), "probing for a provider records nothing");

    let run = turnscope::run("helpdesk");
    run.input("hello").event("noted", [("n", 1)]);
    let turn = run.turn();
    let tool = turn.tool("t");
    tool.clone().set("rows", 3).fail("timeout", "too late");
    tool.end();
    turn.end();
    get_tracer().start_with_context("own", run.context()).end();
    {
        let _entered = run.enter();
        turnscope::current().custom("below").end();
    }
    run.end();
    let _ = shutdown(); // must not shut down the application's provider
    let spans = exporter.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["execute_tool t", "agent_step", "own", "below", "invoke_agent helpdesk"]);
    let keys: Vec<_> = spans[4].attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert!(keys.contains(&"gen_ai.input.messages") && spans[4].events.len() == 1, "{:?}", spans[4]);
    assert!(matches!(spans[0].status, Status::Error { .. }) && spans[0].attributes.len() >= 3);
    assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
    assert!(spans[1..4].iter().all(|span| span.parent_span_id == spans[4].span_context.span_id()));
    assert!(turnscope::run("afterwards").is_recording());
}

#[test]
fn the_global_provider_of_the_application_is_used_for_logfire() {
    process("observability::a_process_with_a_global_provider", &[]);
}

#[test]
fn the_applications_provider_is_used_instead_of_a_second_one() {
    let _alone = alone();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    section("backend: logfire, trace_tool_calls: false").unwrap().install_on(&provider);
    turnscope::run("helpdesk").tool("t").end();
    let names: Vec<_> =
        exporter.get_finished_spans().unwrap().into_iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["invoke_agent helpdesk"]);

    quick().install().unwrap().detach();
    section("backend: logfire, include_content: true").unwrap().install("helpdesk").unwrap().detach();
    let run = turnscope::run("helpdesk");
    assert!(run.captures_content());
    run.end();
    assert_eq!(finished_spans().len(), 1, "the previous set-up is still active");
    turnscope::flush(Duration::from_secs(60)).unwrap();
    let _ = shutdown();
}
