//! Installing and shutting down, and isolation of the caller from its exporters. The set-up is process-wide,
//! so these tests run one at a time.

use crate::sampling::Names;
use opentelemetry::trace::{Span, Tracer};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;
use std::{
    error::Error,
    fs,
    net::TcpListener,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use turnscope::{
    Exporter, LossReason, Otlp, RecordingConfig, Setup, SetupError, Verdict, dropped, finished_spans, setup,
    shutdown, shutdown_within,
};

static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub(crate) enum Bad {
    Fails,
    Panics,
    Hangs,
}

impl Exporter for Bad {
    fn export(&mut self, _: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Fails => Err("no space left".into()),
            Self::Panics => panic!("intended panic in an exporter"),
            Self::Hangs => loop {
                thread::sleep(Duration::from_secs(60));
            },
        }
    }
}

/// Spans stay in memory, and batches are not waited for.
pub(crate) fn quick() -> RecordingConfig {
    RecordingConfig { batch_timeout: Duration::from_millis(5), ..RecordingConfig::new("helpdesk") }
}

#[test]
fn finished_spans_are_flat_records() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    run.session("s-17").user_role("clerk").tags(["a"]);
    let gate = run.policy("refund");
    gate.verdict(Verdict::Deny).reason("too much").risk_tier("high");
    drop(gate);
    drop(run);
    let spans = finished_spans();
    insta::assert_json_snapshot!(spans, {
        "[].trace_id" => "[trace]", "[].span_id" => "[span]", "[].start_ms" => 0.0, "[].end_ms" => 0.0,
        "[].duration_ms" => 0.0, "[0].parent_span_id" => "[run]",
    });
    assert_eq!(spans[0].parent_span_id.as_deref(), Some(spans[1].span_id.as_str()));
    assert!(spans[1].end_ms >= spans[1].start_ms);
}

#[test]
fn the_ring_keeps_the_last_spans_and_a_new_setup_clears_it_and_closes_the_file() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    setup(Setup { trace_file: Some(path.clone()), ring_capacity: 3, ..Setup::new("helpdesk") })
        .unwrap()
        .detach();
    for n in 0..5 {
        turnscope::run(format!("agent {n}")).end();
    }
    let names: Vec<_> = finished_spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["invoke_agent agent 2", "invoke_agent agent 3", "invoke_agent agent 4"]);
    quick().install().unwrap().detach();
    assert!(finished_spans().is_empty());
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    let span = &lines[4]["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["name"], "invoke_agent agent 4");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_that_names_it_and_changes_nothing() {
    let _alone = alone();
    quick().install().unwrap().detach();
    turnscope::run("before").end();
    let error =
        RecordingConfig { trace_file: Some("/no/such/dir/t.jsonl".into()), ..quick() }.install().unwrap_err();
    assert!(
        matches!(error, SetupError::TraceFile { .. }) && error.to_string().contains("/no/such/dir/t.jsonl")
    );
    assert_eq!(finished_spans().len(), 1);
}

#[test]
fn exporters_that_fail_or_panic_touch_neither_the_caller_nor_the_others() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(Bad::Fails), Box::new(Bad::Panics)];
    let otlp = Some(Otlp::http("http://127.0.0.1:9"));
    RecordingConfig { exporters, otlp, trace_file: Some(path.clone()), ..quick() }
        .install()
        .unwrap()
        .detach();
    for _ in 0..3 {
        turnscope::run("helpdesk").end();
        turnscope::flush(Duration::from_secs(60)).unwrap_err();
    }
    let lost = shutdown().unwrap_err();
    assert_eq!((lost.spans, dropped()), (9, 9), "{lost}");
    for why in
        ["3 because an exporter or a sampler panicked", "no space left", "http://127.0.0.1:9/v1/traces"]
    {
        assert!(lost.to_string().contains(why), "{lost}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[test]
fn behind_a_hanging_exporter_the_queue_fills_and_the_rest_is_counted() {
    let _alone = alone();
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(Bad::Hangs)];
    RecordingConfig { exporters, queue_size: 10, batch_size: 1, ring_capacity: 1000, ..quick() }
        .install()
        .unwrap()
        .detach();
    let begun = Instant::now();
    for _ in 0..100 {
        turnscope::run("helpdesk").end();
        finished_spans();
    }
    assert_eq!(finished_spans().len(), 100, "the ring does not wait for the exporter");
    assert!((89..=90).contains(&dropped()), "ten are queued, and one may be in the exporter");
    let lost = turnscope::flush(Duration::from_millis(20)).unwrap_err();
    assert!(
        lost.to_string().contains("because a queue was full") && lost.to_string().contains("20ms"),
        "{lost}"
    );
    assert_eq!(shutdown_within(Duration::from_millis(20)).unwrap_err().spans, 100);
    assert_eq!(dropped(), 100, "also after the shutdown");
    assert!(begun.elapsed() < Duration::from_secs(120), "shutdown has a time limit");
}

#[test]
fn after_the_end_everything_may_still_be_called() {
    let _alone = alone();
    quick().install().unwrap().detach();
    let run = turnscope::run("helpdesk");
    let _ = shutdown();
    let _ = shutdown();
    run.turn().tool("late").fail("x", "y");
    run.end();
    turnscope::run("another").turn().llm("openai", "m").end();
    assert!(finished_spans().is_empty() && dropped() == 0);
    turnscope::flush(Duration::ZERO).unwrap();
}

#[test]
fn without_an_endpoint_the_tracer_does_nothing() {
    let _alone = alone();
    let _ = shutdown();
    assert!(!turnscope::get_tracer().start("x").span_context().is_valid());
    quick().install().unwrap().detach();
    assert!(turnscope::get_tracer().start("x").span_context().is_valid());
}

#[test]
fn many_threads_record_at_once() {
    let _alone = alone();
    RecordingConfig { ring_capacity: 100_000, queue_size: 100_000, ..quick() }.install().unwrap().detach();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    turnscope::run("helpdesk").turn().tool("t").end();
                }
            });
        }
    });
    assert_eq!(finished_spans().len() as u64 + dropped(), 8 * 200 * 3);
    assert_eq!(dropped(), 0);
}

#[test]
fn a_server_that_never_answers_delays_neither_the_ring_nor_the_end() {
    let _alone = alone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hour = Duration::from_secs(3600);
    let otlp = Otlp::http(format!("http://{}", silent.local_addr().unwrap()));
    let otlp = Some(Otlp { timeout: Some(hour), ..otlp });
    RecordingConfig { otlp, export_timeout: hour, ..quick() }.install().unwrap().detach();
    let begun = Instant::now();
    turnscope::run("helpdesk").end();
    assert_eq!(finished_spans().len(), 1);
    let lost = turnscope::flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!(lost.reasons, [(LossReason::Deadline(Duration::from_millis(50)), 1)]);
    assert_eq!(shutdown_within(Duration::from_millis(50)).unwrap_err().spans, 1);
    assert!(begun.elapsed() < hour / 10);
}

#[test]
fn the_end_of_a_run_waits_for_its_export_where_that_is_asked_for_and_no_longer_than_that() {
    let _alone = alone();
    let exported = Names::default();
    let slow = RecordingConfig { batch_timeout: Duration::from_secs(3600), ..quick() };
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(exported.clone())];
    RecordingConfig { exporters, block_on_run_end: Some(Duration::from_secs(60)), ..slow }
        .install()
        .unwrap()
        .detach();
    let run = turnscope::run("helpdesk");
    run.tool("t").end();
    assert!(exported.get().is_empty());
    run.end();
    assert_eq!(exported.get(), ["execute_tool t", "invoke_agent helpdesk"]);

    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(Bad::Hangs)];
    let wait = Duration::from_millis(50);
    RecordingConfig { exporters, queue_size: 1, block_on_run_end: Some(wait), ..quick() }
        .install()
        .unwrap()
        .detach();
    let begun = Instant::now();
    for _ in 0..3 {
        turnscope::run("helpdesk").end();
    }
    assert!(begun.elapsed() >= 3 * wait && begun.elapsed() < Duration::from_secs(30));
}
