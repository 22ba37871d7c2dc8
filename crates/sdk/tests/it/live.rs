//! Announcing steps when they start.

use crate::tree;
use opentelemetry::logs::AnyValue;
use opentelemetry_sdk::{
    logs::{InMemoryLogExporter, SdkLoggerProvider, in_memory_exporter::LogDataWithResource},
    trace::{Sampler, SdkTracerProvider},
};
use std::{collections::BTreeSet, fmt::Write as _};
use turnscope::Recorder;

/// The events as text: name, ids, attributes.
fn events(exporter: &InMemoryLogExporter) -> String {
    let mut out = String::new();
    for log in exporter.get_emitted_logs().unwrap() {
        let ids = log.record.trace_context().unwrap();
        writeln!(out, "{} {}", log.record.event_name().unwrap(), ids.span_id).unwrap();
        for (key, value) in log.record.attributes_iter() {
            let value = match value {
                AnyValue::String(text) => text.to_string(),
                other => format!("{other:?}"),
            };
            writeln!(out, "  . {key} = {value}").unwrap();
        }
    }
    out
}

/// The names of the announced events, and the keys of their attributes.
pub(crate) fn announced() -> Vec<(String, BTreeSet<String>)> {
    let (recorder, _) = tree::recorder();
    let (loggers, exporter) = loggers();
    recorder.with_loggers(&loggers).with_live(true).run("helpdesk").turn().end();
    let logs = exporter.get_emitted_logs().unwrap();
    let names =
        |log: &LogDataWithResource| log.record.attributes_iter().map(|(key, _)| key.to_string()).collect();
    logs.iter().map(|log| (log.record.event_name().unwrap().to_owned(), names(log))).collect()
}

fn loggers() -> (SdkLoggerProvider, InMemoryLogExporter) {
    let exporter = InMemoryLogExporter::default();
    (SdkLoggerProvider::builder().with_simple_exporter(exporter.clone()).build(), exporter)
}

#[test]
fn a_step_is_announced_before_it_ends_with_its_kind_its_parent_and_its_session() {
    let (recorder, _) = tree::recorder();
    let (loggers, exporter) = loggers();
    let run = recorder.with_loggers(&loggers).with_live(true).run("helpdesk");
    run.session("s-17");
    let turn = run.turn();
    let _call = turn.llm("openai", "gpt-5-mini");
    let _tool = turn.tool("lookup");
    insta::assert_snapshot!(events(&exporter));
}

#[test]
fn unsampled_steps_are_not_announced() {
    let (loggers, exporter) = loggers();
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build();
    Recorder::new(&provider).with_loggers(&loggers).with_live(true).run("helpdesk").tool("lookup").end();
    assert_eq!(events(&exporter), "");
}
