//! `GET /metrics`: the server's own figures and the span metrics, as Prometheus text.

use crate::{ingest::Signal, spanmetrics::escape, state::App};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;
use std::{
    fmt::Write as _,
    sync::{Arc, atomic::Ordering},
};

/// The server's own figures and the span metrics, as Prometheus text.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut out = String::new();
    own(&app, &mut out);
    app.ingest.span_metrics.write(&mut out);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}

fn own(app: &App, out: &mut String) {
    family(
        out,
        "turnscope_records_total",
        "counter",
        "Spans, log records and metrics by signal and outcome.",
    );
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let counters = &app.ingest.counters[signal as usize];
        for (outcome, value) in [
            ("received", &counters.received),
            ("stored", &counters.stored),
            ("duplicate", &counters.duplicates),
            ("rejected", &counters.rejected),
        ] {
            let _ = writeln!(
                out,
                "turnscope_records_total{{signal=\"{}\",outcome=\"{outcome}\"}} {}",
                signal.as_str(),
                value.load(Ordering::Relaxed)
            );
        }
    }
    family(out, "turnscope_requests_total", "counter", "Export requests that were decoded.");
    family(out, "turnscope_request_bytes_total", "counter", "Their bytes after decompression.");
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let counters = &app.ingest.counters[signal as usize];
        for (name, value) in [
            ("turnscope_requests_total", &counters.requests),
            ("turnscope_request_bytes_total", &counters.bytes),
        ] {
            let _ =
                writeln!(out, "{name}{{signal=\"{}\"}} {}", signal.as_str(), value.load(Ordering::Relaxed));
        }
    }
    family(out, "turnscope_refused_total", "counter", "Export requests that were refused, by reason.");
    for (signal, reason, count) in app.ingest.refused.all() {
        let _ = writeln!(
            out,
            "turnscope_refused_total{{signal=\"{signal}\",reason=\"{}\"}} {count}",
            escape(reason)
        );
    }
    family(out, "turnscope_redacted_total", "counter", "Values redacted at receipt.");
    let _ = writeln!(out, "turnscope_redacted_total {}", app.ingest.redacted.load(Ordering::Relaxed));
    family(out, "turnscope_quarantined", "gauge", "Requests, traces and messages in quarantine.");
    let _ = writeln!(out, "turnscope_quarantined {}", app.store.health().quarantined);
    family(out, "turnscope_search_lag", "gauge", "Messages that the search index has not reached.");
    let _ = writeln!(out, "turnscope_search_lag {}", app.store.counters().index_lag);
    let bytes = app.store.reader(&turnscope_store::ReadLimit::none()).and_then(|mut reader| reader.bytes());
    if let Ok((used, free)) = bytes {
        family(out, "turnscope_store_bytes", "gauge", "Bytes of the store's file, used and free.");
        let _ = writeln!(out, "turnscope_store_bytes{{state=\"used\"}} {used}");
        let _ = writeln!(out, "turnscope_store_bytes{{state=\"free\"}} {free}");
    }
    family(out, "turnscope_uptime_seconds", "gauge", "Seconds since the start.");
    let _ = writeln!(out, "turnscope_uptime_seconds {}", app.started.elapsed().as_secs_f64());
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
