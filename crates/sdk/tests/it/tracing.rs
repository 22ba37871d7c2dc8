//! Spans and events of `tracing` inside a run, with the real layers.

use crate::tree;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tracing::{Instrument, info, info_span, subscriber::with_default};
use tracing_subscriber::{fmt, layer::SubscriberExt, registry};
use turnscope::tracing_layers::{WithIds, logs, spans};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[test]
fn spans_join_the_run_as_children_and_as_parents() {
    let (recorder, kept) = tree::recorder();
    with_default(registry().with(spans()), || {
        info_span!("outside").in_scope(|| {
            let run = recorder.run("helpdesk");
            let _run = run.enter();
            info_span!("look_up", order = 17).in_scope(|| {
                info!("not an event of the span");
                let tool = turnscope::current().tool("lookup");
                let _tool = tool.enter();
                info_span!("query").in_scope(|| ());
            });
            let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
            runtime.block_on(async {
                let step = turnscope::current();
                let work = async { turnscope::current().tool("spawned").end() }.instrument(info_span!("job"));
                tokio::spawn(step.scope(work)).await.unwrap();
            });
        });
    });
    insta::assert_snapshot!(kept.tree());
}

#[test]
fn events_carry_the_ids_of_their_step_over_otlp_and_in_formatted_logs() {
    let (recorder, _) = tree::recorder();
    let exporter = InMemoryLogExporter::default();
    let loggers = SdkLoggerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let recorder = recorder.with_loggers(&loggers);
    let (text, json) = (Written::default(), Written::default());
    let (to_text, to_json) = (text.clone(), json.clone());
    let subscriber = registry()
        .with(spans())
        .with(logs())
        .with(
            fmt::layer()
                .with_ansi(false)
                .with_writer(move || to_text.clone())
                .event_format(WithIds::text(fmt::format().without_time())),
        )
        .with(
            fmt::layer()
                .json()
                .with_writer(move || to_json.clone())
                .event_format(WithIds::json(fmt::format().json().without_time())),
        );
    let ids = with_default(subscriber, || {
        let run = recorder.run("helpdesk");
        let tool = run.tool("lookup");
        tool.scope(async { info!(order = 17, "found it") }).now();
        info!("outside");
        tool.span_context()
    });

    let (trace, span) = (ids.trace_id(), ids.span_id());
    let wanted = format!("trace_id={trace} span_id={span}  INFO it::tracing: found it order=17\n");
    assert!(text.text().starts_with(&wanted), "{}", text.text());
    assert!(text.text()[wanted.len()..].starts_with(" INFO it::tracing: outside"), "{}", text.text());
    let lines = json.text();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["trace_id"], &lines[0]["span_id"]),
        (&trace.to_string().into(), &span.to_string().into())
    );
    assert_eq!(lines[0]["fields"]["message"], "found it");
    assert_eq!(lines[1]["trace_id"], serde_json::Value::Null);

    let logs = exporter.get_emitted_logs().unwrap();
    assert_eq!(logs.len(), 1, "events outside a run go to the default recorder, which has no loggers");
    let at = logs[0].record.trace_context().unwrap();
    assert_eq!((at.trace_id, at.span_id), (trace, span));
}

trait Now: Future {
    /// Runs a future that does not wait for anything.
    fn now(self) -> Self::Output
    where
        Self: Sized,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self)
    }
}

impl<F: Future> Now for F {}
