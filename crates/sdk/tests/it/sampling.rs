//! Tail sampling.

use crate::installation::{alone, quick};
use opentelemetry_sdk::trace::SpanData;
use std::{
    error::Error,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use turnscope::{
    Exporter, FinishedSpan, RecordingConfig, TailRules, TraceSampler, Verdict, default_recorder,
    finished_spans,
    opentelemetry::{
        Context,
        trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
    },
    shutdown,
};

fn names(spans: &[FinishedSpan]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

fn tail(rules: TailRules) -> RecordingConfig {
    RecordingConfig { sampler: Some(Box::new(rules)), ..quick() }
}

/// Stores the names of exported spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Arc<Mutex<Vec<String>>>);

impl Names {
    pub(crate) fn get(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Exporter for Names {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.lock().unwrap().extend(spans.iter().map(|span| span.name.to_string()));
        Ok(())
    }
}

/// The context of another process, whose trace is sampled or not.
fn remote(trace: u128, sampled: bool) -> Context {
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let state = TraceState::default();
    Context::new().with_remote_span_context(SpanContext::new(
        TraceId::from(trace),
        SpanId::from(7),
        flags,
        true,
        state,
    ))
}

#[test]
fn important_traces_are_kept_completely_and_a_share_of_the_rest() {
    let _alone = alone();
    tail(TailRules { slower_than: Some(Duration::from_millis(5)), ..TailRules::default() })
        .install()
        .unwrap()
        .detach();
    turnscope::run("fine").tool("t").end();
    let failed = turnscope::run("failed");
    failed.tool("t").fail("timeout", "too late");
    failed.end();
    turnscope::run("denied").policy("refund").verdict(Verdict::Deny);
    turnscope::run("allowed").policy("refund").verdict(Verdict::Allow);
    turnscope::run("flagged").flag("a customer complained");
    let slow = turnscope::run("slow");
    thread::sleep(Duration::from_millis(6)); // the span's own duration counts
    slow.end();
    let wanted = [
        "execute_tool t",
        "invoke_agent failed",
        "policy_gate.evaluate",
        "invoke_agent denied",
        "invoke_agent flagged",
        "invoke_agent slow",
    ];
    let spans = finished_spans();
    // On a stalled machine the other runs may be slow too.
    let expected: Vec<_> = names(&spans)
        .into_iter()
        .filter(|name| !name.contains("fine") && !name.contains("allowed"))
        .collect();
    assert!(wanted.iter().all(|name| expected.contains(name)), "{expected:?}");

    tail(TailRules { rate: 0.5, ..TailRules::default() }).install().unwrap().detach();
    for _ in 0..200 {
        turnscope::run("helpdesk").tool("t").end();
    }
    let spans = finished_spans();
    let runs = spans.iter().filter(|span| span.parent_span_id.is_none()).count();
    assert!(spans.len() == 2 * runs && (50..150).contains(&runs), "{runs} of 200");

    tail(TailRules::default()).install().unwrap().detach();
    turnscope::run("fine").tool("t").end();
    assert!(finished_spans().is_empty());
}

#[test]
fn a_trace_of_another_process_follows_its_flag() {
    let _alone = alone();
    tail(TailRules::default()).install().unwrap().detach();
    default_recorder().in_context(&remote(1, true)).run("sampled").tool("t").end();
    default_recorder().in_context(&remote(2, false)).run("unsampled").tool("t").fail("x", "y");
    assert_eq!(names(&finished_spans()), ["execute_tool t", "invoke_agent sampled"]);

    RecordingConfig { sample_rate: Some(0.0), ..quick() }.install().unwrap().detach();
    turnscope::run("out").end();
    default_recorder().in_context(&remote(3, true)).run("sampled").end();
    assert_eq!(names(&finished_spans()), ["invoke_agent sampled"]);
}

#[test]
fn the_largest_trace_is_kept_when_memory_runs_out() {
    let _alone = alone();
    RecordingConfig { max_held_bytes: 50_000, ..tail(TailRules::default()) }.install().unwrap().detach();
    let small = turnscope::run("small");
    small.tool("t").end();
    let large = turnscope::run("large");
    for _ in 0..100 {
        large.tool("t").set("text", "x".repeat(1000));
    }
    assert!(!finished_spans().is_empty(), "kept before its root ended");
    large.end();
    small.end();
    let spans = finished_spans();
    assert_eq!(spans.len(), 101);
    assert_eq!(spans.last().unwrap().name, "invoke_agent large");
}

#[test]
fn open_traces_are_decided_at_shutdown() {
    let _alone = alone();
    let exported = Names::default();
    RecordingConfig { exporters: vec![Box::new(exported.clone())], ..tail(TailRules::only_errors()) }
        .install()
        .unwrap()
        .detach();
    let bad = turnscope::run("bad");
    bad.tool("broken").fail("timeout", "too late");
    let good = turnscope::run("good");
    good.tool("fine").end();
    let _ = shutdown();
    assert_eq!(exported.get(), ["execute_tool broken"]);
}

#[derive(Debug)]
struct Panics;

impl TraceSampler for Panics {
    fn keeps(&mut self, _: &[SpanData]) -> bool {
        panic!("intended panic in a sampler")
    }
}

#[test]
fn a_sampler_that_panics_loses_nothing() {
    let _alone = alone();
    RecordingConfig { sampler: Some(Box::new(Panics)), ..quick() }.install().unwrap().detach();
    turnscope::run("helpdesk").end();
    assert_eq!(names(&finished_spans()), ["invoke_agent helpdesk"]);
}
