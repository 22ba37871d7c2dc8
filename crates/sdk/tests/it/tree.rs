//! A recorder that keeps its spans in memory, with sequential ids, and prints them as a tree without times.

use opentelemetry::{
    KeyValue, SpanId, TraceId,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{IdGenerator, SdkTracerProvider, SpanData, SpanExporter},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use turnscope::Recorder;

#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

#[derive(Debug)]
struct Counting(AtomicU64);

impl IdGenerator for Counting {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A recorder, and the spans it has recorded.
pub(crate) fn recorder() -> (Recorder, Kept) {
    let kept = Kept::default();
    (kept.with_ids_from(0), kept)
}

impl Kept {
    /// Removes and returns the spans that have ended.
    pub(crate) fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Another recorder with the same storage, as if a second service had sent its spans.
    pub(crate) fn other_recorder(&self) -> Recorder {
        self.with_ids_from(1_000_000)
    }

    fn with_ids_from(&self, first: u64) -> Recorder {
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(self.clone())
            .with_id_generator(Counting(AtomicU64::new(first)))
            .build();
        Recorder::new(&provider)
    }

    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.0.lock().unwrap().clone()
    }

    /// The finished spans as an indented tree, ordered by id, attributes sorted by key.
    pub(crate) fn tree(&self) -> String {
        let mut spans = self.spans();
        spans.sort_by_key(|span| u64::from_be_bytes(span.span_context.span_id().to_bytes()));
        let mut out = String::new();
        let known: Vec<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
        for root in spans.iter().filter(|span| !known.contains(&span.parent_span_id)) {
            write(&mut out, &spans, root, 0);
        }
        out
    }
}

fn write(out: &mut String, all: &[SpanData], span: &SpanData, depth: usize) {
    let pad = "  ".repeat(depth);
    let kind = match span.span_kind {
        SpanKind::Client => " [client]",
        SpanKind::Server => " [server]",
        _ => "",
    };
    let status = match &span.status {
        Status::Error { description } => format!(" error: {description}"),
        Status::Ok => " ok".into(),
        Status::Unset => String::new(),
    };
    writeln!(out, "{pad}{}{kind}{status}", span.name).unwrap();
    attributes(out, &format!("{pad}  . "), &span.attributes);
    for event in &span.events.events {
        writeln!(out, "{pad}  ! {}", event.name).unwrap();
        attributes(out, &format!("{pad}    . "), &event.attributes);
    }
    for link in &span.links.links {
        writeln!(out, "{pad}  → {}", link.span_context.span_id()).unwrap();
        attributes(out, &format!("{pad}    . "), &link.attributes);
    }
    for child in all.iter().filter(|child| child.parent_span_id == span.span_context.span_id()) {
        write(out, all, child, depth + 1);
    }
}

fn attributes(out: &mut String, pad: &str, attributes: &[KeyValue]) {
    let sorted: BTreeMap<_, _> = attributes.iter().map(|kv| (kv.key.as_str(), &kv.value)).collect();
    for (key, value) in sorted {
        writeln!(out, "{pad}{key} = {value}").unwrap();
    }
}
