//! `GET /v1/config`: what is set and from where, how large the store is, what came in, what is wrong.

use crate::{Addresses, degraded::degraded, problem::Problem, state::App};
use axum::{Json, extract::State};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};
use turnscope_api::{AddressTexts, Config, IngestState, PricingState, Retention, StoreState, Value};
use turnscope_query::StoreSize;

/// What is set and from where, the state of the store, of receiving, and of prices.
pub(crate) async fn config(State(app): State<Arc<App>>) -> Result<Json<Config>, Problem> {
    let figures = store_figures(&app).await?;
    let prices = app.prices.list();
    let own = prices.lists().1 > 0;
    Ok(Json(Config {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_ms: app.started.elapsed().as_millis() as u64,
        values: app
            .settings
            .iter()
            .map(|setting| Value {
                name: setting.name.clone(),
                value: setting.value.clone(),
                source: setting.source.clone(),
                doc: setting.doc.clone(),
            })
            .collect(),
        api_key_set: app.auth.is_on(),
        addresses: addresses(&app.addresses),
        store: StoreState {
            path: app.data.display().to_string(),
            bytes: figures.used_bytes,
            free_bytes: figures.free_bytes,
            search_bytes: figures.search_bytes,
            records: figures.records,
            contents: figures.contents,
            runs: figures.runs,
            oldest_at: figures.oldest.map(|oldest| oldest / 1_000_000),
            search_lag: app.store.counters().index_lag,
        },
        ingest: ingest(&app),
        retention: Retention {
            days: app.retention.max_age.map(|age| age.as_secs_f64() / 86_400.0),
            max_bytes: app.retention.max_bytes,
        },
        pricing: PricingState {
            version: prices.version().map(|day| day.to_string()),
            models: prices.model_count(),
            source: if own { app.prices.file().display().to_string() } else { "shipped".to_owned() },
            repricing: app.store.counters().is_repricing,
        },
        degraded: degraded(&app),
    }))
}

async fn store_figures(app: &Arc<App>) -> Result<StoreSize, Problem> {
    if let Some(figures) = app.counted.known() {
        return Ok(figures);
    }
    let figures = app.ask(|answers| Ok(answers.store.reader(&answers.limit)?.size()?)).await?;
    app.counted.keep(&figures);
    Ok(figures)
}

fn addresses(addresses: &Addresses) -> AddressTexts {
    AddressTexts {
        listen: addresses.listen.to_string(),
        otlp_grpc: addresses.otlp_grpc.to_string(),
        otlp_http: addresses.otlp_http.to_string(),
    }
}

fn ingest(app: &App) -> IngestState {
    let [spans, logs, metrics] = &*app.ingest.counters;
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let mut refused = BTreeMap::new();
    for (_, reason, count) in app.ingest.refused.all() {
        *refused.entry(reason.to_owned()).or_default() += count;
    }
    let (queue_bytes, queue_limit_bytes) = app.ingest.queue();
    IngestState {
        received_spans: count(&spans.received),
        stored_spans: count(&spans.stored),
        duplicate_spans: count(&spans.duplicates),
        rejected_spans: count(&spans.rejected),
        received_logs: count(&logs.received),
        received_metrics: count(&metrics.received),
        refused_requests: refused.values().sum(),
        refused,
        redacted: count(&app.ingest.redacted),
        queue_bytes,
        queue_limit_bytes,
    }
}
