//! `GET /metrics`: the server's own figures and the span metrics, as Prometheus text.

use crate::{families::Family, ingest::Signal, problem::Problem, state::App};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;
use prometheus::{TextEncoder, proto::MetricFamily};
use std::sync::{Arc, atomic::Ordering};

/// The server's own figures and the span metrics, as Prometheus text.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    // A server too busy to look still says everything else.
    let in_use = app.ask(|answers| Ok(answers.store.reader(&answers.limit)?.bytes()?)).await.ok();
    let mut families = own(&app, in_use);
    families.extend(app.ingest.span_metrics.families());
    let text = TextEncoder::new().encode_to_string(&families).map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// `in_use`: bytes of the store's file, used and free.
fn own(app: &App, in_use: Option<(u64, u64)>) -> Vec<MetricFamily> {
    let mut records =
        Family::counter("turnscope_records_total", "Spans, log records and metrics by signal and outcome.");
    let mut requests = Family::counter("turnscope_requests_total", "Export requests that were decoded.");
    let mut bytes = Family::counter("turnscope_request_bytes_total", "Their bytes after decompression.");
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let counters = &app.ingest.counters[signal as usize];
        for (outcome, counter) in [
            ("received", &counters.received),
            ("stored", &counters.stored),
            ("duplicate", &counters.duplicates),
            ("rejected", &counters.rejected),
        ] {
            let labels = [("signal", signal.as_str()), ("outcome", outcome)];
            records.count(&labels, counter.load(Ordering::Relaxed));
        }
        let labels = [("signal", signal.as_str())];
        requests.count(&labels, counters.requests.load(Ordering::Relaxed));
        bytes.count(&labels, counters.bytes.load(Ordering::Relaxed));
    }
    let mut refused =
        Family::counter("turnscope_refused_total", "Export requests that were refused, by reason.");
    for (signal, reason, count) in app.ingest.refused.all() {
        refused.count(&[("signal", signal), ("reason", reason)], count);
    }
    let mut redacted = Family::counter("turnscope_redacted_total", "Values redacted at receipt.");
    redacted.count(&[], app.ingest.redacted.load(Ordering::Relaxed));
    let mut lag = Family::gauge("turnscope_search_lag", "Messages that the search index has not reached.");
    lag.value(&[], app.store.counters().index_lag as f64);
    let mut quarantined =
        Family::gauge("turnscope_quarantined", "Requests, traces and messages in quarantine.");
    quarantined.value(&[], app.store.health().quarantined as f64);
    let mut size = Family::gauge("turnscope_store_bytes", "Bytes of the store's file, used and free.");
    if let Some((used, free)) = in_use {
        size.value(&[("state", "used")], used as f64);
        size.value(&[("state", "free")], free as f64);
    }
    let mut uptime = Family::gauge("turnscope_uptime_seconds", "Seconds since the start.");
    uptime.value(&[], app.started.elapsed().as_secs_f64());
    let all = [records, requests, bytes, refused, redacted, lag, quarantined, size, uptime];
    all.into_iter().filter_map(Family::filled).collect()
}
