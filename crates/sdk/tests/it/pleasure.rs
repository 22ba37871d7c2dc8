//! What makes the API short to use: errors and values of any kind, chains, times, threads and tasks.

use crate::installation::{alone, quick};
use std::{
    error::Error,
    thread,
    time::{Duration, SystemTime},
};
use turnscope::{FinishedSpan, RecordingConfig, Setup, finished_spans, in_current, shutdown, wrap_current};

fn span(name: &str) -> FinishedSpan {
    finished_spans().into_iter().find(|span| span.name == name).unwrap()
}

#[test]
fn errors_of_any_kind_are_recorded_with_their_causes() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    let missing = std::fs::read_to_string("/no/such/file").unwrap_err();
    run.tool("plain").error(&missing);
    let boxed: Box<dyn Error + Send + Sync> = Box::new(missing);
    run.tool("boxed").error(&boxed);
    let object: &dyn Error = &*boxed;
    run.tool("object").error(object);
    let missing = std::fs::read_to_string("/no/such/file").unwrap_err();
    let chain = anyhow::Error::new(missing).context("cannot read the handbook");
    run.llm("openai", "m").error(&chain);
    run.retrieval("handbook").error_as("no_handbook", &chain);
    run.end();
    let message = "No such file or directory (os error 2)";
    for name in ["plain", "boxed", "object"] {
        let error = span(&format!("execute_tool {name}")).error.unwrap();
        assert_eq!(
            (error.kind.as_str(), error.message.as_str()),
            ("std::io::ErrorKind::NotFound", message),
            "{name}"
        );
    }
    let error = span("chat m").error.unwrap();
    assert_eq!(error.message, format!("cannot read the handbook: {message}"));
    assert_eq!(error.kind, "std::io::ErrorKind::NotFound");
    assert_eq!(span("retrieval handbook").error.unwrap().kind, "no_handbook");
    assert_eq!(span("retrieval handbook").events[0].name, "exception");
    shutdown().unwrap();
}

#[test]
fn chains_keep_their_type_and_values_may_be_anything() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let (rows, unknown, name) = (3_u64, None::<f64>, "ada".to_owned());
    let run = turnscope::run("helpdesk");
    run.set("rows", rows).event("noted", [("n", 1)]).flag("odd").session("s-17").set("unknown", unknown);
    run.user(&name)
        .set("ids", [1, 2])
        .tags(["beta"])
        .set("found", serde_json::json!({"a": 1}))
        .score("helpful", 0.9);
    run.turn().tool("lookup").set("retries", 2_usize).call_id("call_1").warn("slow", "3 s").end();
    run.llm(name.clone(), "m").set("k", "v").temperature(0.2).finish_reasons(["stop"]).fail("x", "y").end();
    run.end();
    let run = span("invoke_agent helpdesk");
    assert_eq!((&run.attributes["rows"], &run.attributes["ids"]), (&3.into(), &vec![1, 2].into()));
    assert_eq!((run.attributes.get("unknown"), &run.attributes["found"]), (None, &r#"{"a":1}"#.into()));
    assert_eq!((run.session_id.as_deref(), run.events.len()), (Some("s-17"), 2));
    assert_eq!(span("execute_tool lookup").attributes["retries"], 2);
    assert_eq!(span("chat m").attributes["gen_ai.provider.name"], "ada");
    shutdown().unwrap();
}

#[test]
fn settings_have_defaults() {
    let _alone = alone();
    let config = RecordingConfig { ring_capacity: 7, ..RecordingConfig::default() };
    assert_eq!((config.service_name.as_str(), config.queue_size), ("", 2048));
    assert!(!Setup { live: false, ..Setup::default() }.testing);
}

#[test]
fn times_may_be_given_and_do_not_reach_deeper() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let run = turnscope::run("importer");
    let fetch = run.starting_at(began).tool("fetch");
    fetch.custom("now").end();
    fetch.end_at(began + Duration::from_millis(2500));
    drop(fetch);
    run.end();
    let fetch = span("execute_tool fetch");
    assert_eq!((fetch.start_ms, fetch.end_ms, fetch.duration_ms), (1.7e12, 1.7e12 + 2500.0, 2500.0));
    assert!(span("now").start_ms > 1.75e12);
    assert_eq!(fetch.parent_span_id, Some(span("invoke_agent importer").span_id));
    assert_eq!(span("now").parent_span_id, Some(fetch.span_id));
    shutdown().unwrap();
}

#[test]
fn tasks_and_threads_get_the_step_by_a_helper_only() {
    let _alone = alone();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(tasks_and_threads_get_the_step_by_a_helper_only_on_a_runtime());
}

async fn tasks_and_threads_get_the_step_by_a_helper_only_on_a_runtime() {
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.scope(async {
        let note = |name: &'static str| move || turnscope::current().custom(name).end();
        tokio::spawn(async move { note("task without")() }).await.unwrap();
        tokio::spawn(in_current(async move { note("task")() })).await.unwrap();
        tokio::task::spawn_blocking(wrap_current(note("blocking"))).await.unwrap();
        thread::spawn(wrap_current(note("thread"))).join().unwrap();
        thread::spawn(note("thread without")).join().unwrap();
    })
    .await;
    thread::spawn(run.wrap(|| turnscope::current().custom("wrapped").end())).join().unwrap();
    run.end();
    let run = span("invoke_agent helpdesk").span_id;
    for (name, is_below) in [
        ("task", true),
        ("blocking", true),
        ("thread", true),
        ("wrapped", true),
        ("task without", false),
        ("thread without", false),
    ] {
        assert_eq!(span(name).parent_span_id.as_deref() == Some(run.as_str()), is_below, "{name}");
    }
    shutdown().unwrap();
}
