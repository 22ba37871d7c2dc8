//! The server shows what the crate `turnscope` records, under both naming schemes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use turnscope::{ContentStore, DataDirectory, Naming, RecordingConfig, Setup, Usage, Verdict};
use turnscope_tests::testkit::Turnscope;

/// The crate's setup is global to the process, so these tests run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A configuration that sends to the server.
fn sending_to(server: &Turnscope) -> Setup {
    Setup { otlp_endpoint: Some(format!("http://{}", server.0.otlp_http)), ..Setup::new("sdk") }
}

/// Records a run, and a second one of two turns that repeats the first one's answer. Returns both ids.
fn record() -> (String, String) {
    let first = turnscope::run("helpdesk");
    let earlier = first.span_context();
    first.turn().llm("openai", "gpt-5-mini").end();
    first.end();

    let run = turnscope::run("helpdesk");
    run.session("s-17").user("u-3").user_role("clerk").prompt("refund", "3").experiment("e-1", "b");
    run.tags(["beta"]).regenerates(&earlier).score("helpful", 0.9);
    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    call.usage(Usage {
        input: Some(120),
        output: Some(18),
        cached: Some(100),
        reasoning: Some(5),
        ..Usage::default()
    });
    call.end();
    turn.policy("lookup").verdict(Verdict::Allow).risk_tier("low");
    turn.tool("lookup").call_id("call_1");
    turn.sanitizer("lookup").modified(true);
    turn.end();
    let turn = run.turn();
    turn.memory_read("customers").records(1);
    turn.ingest().files(1);
    turn.tool("refund").fail("timeout", "too late");
    turn.run("writer").turn().llm("anthropic", "claude-sonnet-5").end();
    turn.end();
    run.final_answer("Done.");
    let id = |span: &turnscope::opentelemetry::trace::SpanContext| {
        format!("{}-{}", span.trace_id(), span.span_id())
    };
    (id(&run.span_context()), id(&earlier))
}

#[test]
fn runs_turns_tools_and_tokens_arrive_as_they_were_recorded() {
    let _alone = alone();
    let server = Turnscope::start();
    for naming in [Naming::Semconv, Naming::AgentRun] {
        turnscope::setup(Setup { naming, ..sending_to(&server) }).unwrap().detach();
        let (id, earlier) = record();
        turnscope::flush(Duration::from_secs(20)).unwrap();
        assert_eq!(turnscope::dropped(), 0);
        let _ = turnscope::shutdown();

        let run = server.json(&format!("/v1/runs/{id}"));
        let text = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
        let count = |key: &str| run[key].as_u64().unwrap_or_default();
        assert_eq!((text("agent_name"), text("service_name")), ("helpdesk".into(), "sdk".into()), "{run:#}");
        assert_eq!(text("status"), "completed");
        assert_eq!((text("session_id"), text("user_id")), ("s-17".into(), "u-3".into()));
        assert_eq!((text("user_role"), text("prompt_id")), ("clerk".into(), "refund".into()));
        assert_eq!((text("prompt_version"), text("experiment_variant")), ("3".into(), "b".into()));
        assert_eq!((count("turn_count"), count("llm_call_count"), count("tool_call_count")), (2, 1, 2));
        assert_eq!((count("input_tokens"), count("output_tokens")), (120, 18));
        assert_eq!((count("cache_read_tokens"), count("reasoning_tokens")), (100, 5));
        assert_eq!((count("allow_count"), count("error_count")), (1, 1));
        assert_eq!(run["tools"], serde_json::json!(["lookup", "refund"]));
        assert_eq!(run["turns"][1]["n"], 2);
        assert_eq!(run["children"][0]["agent_name"], "writer");
        assert_eq!(run["links"][0]["why"], "regenerated", "{:#}", run["links"]);
        assert!(run["links"][0].to_string().contains(&earlier[..32]), "{:#}", run["links"]);

        let steps = server.json(&format!("/v1/runs/{id}/steps"));
        let mut kinds: Vec<_> =
            steps["steps"].as_array().unwrap().iter().map(|step| step["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        let wanted =
            ["ingest", "llm", "memory", "policy", "run", "sanitizer", "tool", "tool", "turn", "turn"];
        assert_eq!(kinds, wanted, "{naming:?}");
    }
}

#[test]
fn a_step_that_hangs_is_seen_while_it_hangs() {
    let _alone = alone();
    let server = Turnscope::start();
    turnscope::setup(Setup { live: true, ..sending_to(&server) }).unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.session("s-17");
    let turn = run.turn();
    let tool = turn.tool("lookup");
    let (trace, span) = (run.span_context().trace_id(), run.span_context().span_id());
    let steps = |wanted: &str| {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let reply = server.get(&format!("/v1/runs/{trace}-{span}/steps"));
            let seen = if reply.status == 200 { reply.json() } else { serde_json::Value::Null };
            let steps = seen["steps"].as_array().cloned().unwrap_or_default();
            let tool = steps.iter().find(|step| step["kind"] == "tool").cloned();
            if let Some(tool) = tool.filter(|tool| tool["status"] == wanted) {
                return tool;
            }
            assert!(Instant::now() < until, "no {wanted} tool: {seen:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let running = steps("running");
    assert_eq!((running["tool_name"].as_str(), running["turn"].as_u64()), (Some("lookup"), Some(1)));
    assert_eq!(running["parent_step_id"], turn.span_context().span_id().to_string());
    assert_eq!(server.json(&format!("/v1/runs/{trace}-{span}"))["status"], "running");

    tool.end();
    turn.end();
    run.end();
    turnscope::flush(Duration::from_secs(20)).unwrap();
    let ended = steps("ok");
    assert_eq!(ended["span_id"], running["span_id"]);
    let run = server.json(&format!("/v1/runs/{trace}-{span}"));
    assert_eq!((run["status"].as_str(), run["tool_call_count"].as_u64()), (Some("completed"), Some(1)));
    let _ = turnscope::shutdown();
}

#[test]
fn metrics_arrive_beside_the_spans() {
    let _alone = alone();
    let server = Turnscope::start();
    turnscope::setup(sending_to(&server)).unwrap().detach();
    turnscope::run("helpdesk").turn().llm("openai", "gpt-5-mini").end();
    turnscope::flush(Duration::from_secs(20)).unwrap();
    let _ = turnscope::shutdown();
    let told = server.get("/metrics").text();
    let stored = r#"turnscope_records_total{signal="metrics",outcome="stored"}"#;
    let line = told.lines().find_map(|line| line.strip_prefix(stored)).unwrap_or_else(|| panic!("{told}"));
    // agent.active_turns, operation.duration, requests.count and latency.ms at least
    assert!(line.trim().parse::<u32>().unwrap() >= 4, "{told}");
}

#[test]
fn what_was_put_elsewhere_is_read_back_where_the_place_is_named_and_shown_as_a_link_elsewhere() {
    let _alone = alone();
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let place = format!("file://{}/contents", directory.path().display());
    let question =
        serde_json::json!([{"role": "user", "parts": [{"type": "text", "content": "long ".repeat(200)}]}]);
    let read = |flags: &[&str]| {
        let server = Turnscope::start_on(Arc::new(tempfile::tempdir().unwrap()), flags);
        let content_store = Some(ContentStore::open(&place).unwrap().min_bytes(500));
        let config =
            RecordingConfig { content: true, content_store, ..RecordingConfig::from(sending_to(&server)) };
        config.install().unwrap().detach();
        let run = turnscope::run("helpdesk");
        let call = run.turn().llm("openai", "gpt-5-mini");
        call.input_messages(&question);
        let (trace, span) = (run.span_context().trace_id(), run.span_context().span_id());
        let step = call.span_context().span_id();
        call.end();
        run.end();
        turnscope::flush(Duration::from_secs(20)).unwrap();
        let _ = turnscope::shutdown();
        let step = server.json(&format!("/v1/runs/{trace}-{span}/steps/{step}/data"));
        let turn = server.json(&format!("/v1/runs/{trace}-{span}/turns/1"));
        (step, turn)
    };
    let (step, turn) = read(&["--content-store", &place]);
    assert_eq!(step["input"][0]["parts"], question[0]["parts"], "{step:#}");
    assert_eq!(turn["new_messages"][0]["parts"], question[0]["parts"], "{turn:#}");
    let link = step["attributes"]["gen_ai.input.messages_ref"].as_str().unwrap();
    assert!(link.starts_with(&place), "what was sent stays as it was: {link}");

    let (step, _) = read(&[]);
    let part = &step["input"][0]["parts"][0];
    assert_eq!(
        (&part["type"], part["uri"].as_str().unwrap().starts_with(&place)),
        (&"uri".into(), true),
        "{part}"
    );
}

#[test]
fn what_is_written_without_a_server_is_shown_and_a_server_that_comes_takes_over() {
    let _alone = alone();
    let data = Arc::new(tempfile::tempdir().unwrap());
    let directory = data.path().join("data");
    let into_data = || {
        let store = Some(DataDirectory::of(directory.join("turnscope.db")));
        RecordingConfig { store, ..RecordingConfig::new("sdk") }.install().unwrap().detach();
        let (run, _) = record();
        turnscope::flush(Duration::from_secs(60)).unwrap();
        let _ = turnscope::shutdown();
        run
    };
    let before = into_data();
    let shown = Turnscope::program().args(["show", &before, "--data"]).arg(&directory).output().unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success() && text.contains("helpdesk") && text.contains("refund"), "{shown:?}");

    let server = Turnscope::start_on(Arc::clone(&data), &[]);
    let beside = into_data();
    for run in [before, beside] {
        let run = server.json(&format!("/v1/runs/{run}"));
        assert_eq!((&run["status"], &run["tool_call_count"]), (&"completed".into(), &2.into()), "{run:#}");
        assert_eq!((&run["service_name"], &run["session_id"]), (&"sdk".into(), &"s-17".into()));
        assert!(run["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), "{run:#}");
    }
}

#[test]
fn a_trace_file_can_be_imported_compressed_or_not() {
    let _alone = alone();
    for compression in [None, Some(6)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let trace_file = Some(path.clone());
        RecordingConfig { trace_file, compression, ..RecordingConfig::new("sdk") }
            .install()
            .unwrap()
            .detach();
        let (run, earlier) = record();
        turnscope::shutdown().unwrap();

        let server = Turnscope::start();
        let mut import = Turnscope::program();
        import
            .args(["import", path.to_str().unwrap(), "--server"])
            .arg(format!("http://{}", server.0.listen));
        let output = import.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shown = server.json(&format!("/v1/runs/{run}"));
        assert_eq!(
            (&shown["service_name"], &shown["session_id"]),
            (&"sdk".into(), &"s-17".into()),
            "{shown:#}"
        );
        assert_eq!(
            (&shown["input_tokens"], &shown["error"]["type"]),
            (&120.into(), &"timeout".into()),
            "{shown:#}"
        );
        assert_eq!(shown["links"][0]["run_id"], earlier, "{shown:#}");
    }
}
