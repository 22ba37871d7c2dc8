//! `GET /v1/config`: what is set and from where, how large the store is, what came in, what is wrong.

use super::{health, problem::Problem};
use crate::{Addresses, state::App};
use axum::{Json, extract::State};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};
use turnscope_store::query::StoreFigures;

/// Settings and state of the server.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Config {
    version: &'static str,
    uptime_ms: u64,
    values: Vec<Value>,
    /// Whether a key is asked for.
    api_key_set: bool,
    addresses: AddressTexts,
    store: StoreState,
    ingest: IngestState,
    retention: Retention,
    pricing: PricingState,
    /// What is not as it should be, in words.
    degraded: Vec<String>,
}

/// One setting.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Value {
    name: String,
    /// Secrets show as `***`.
    value: String,
    /// The flag, the variable, the file or the profile that set it; `default` when nothing did.
    source: String,
    doc: String,
}

/// Where the server listens, `host:port` each.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AddressTexts {
    listen: String,
    otlp_grpc: String,
    otlp_http: String,
}

/// The store. Counts of a large store are up to a minute old.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StoreState {
    path: String,
    /// In use; the file may be larger.
    bytes: u64,
    free_bytes: u64,
    /// What the search index takes of it; null where that cannot be told.
    search_bytes: Option<u64>,
    /// Spans and log records.
    records: u64,
    /// Messages and other content, each kept once.
    contents: u64,
    runs: u64,
    /// When the oldest run began.
    oldest_at: Option<i64>,
    /// Content that the search index has not reached yet.
    search_lag: u64,
}

/// What came in since the server started.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct IngestState {
    received_spans: u64,
    stored_spans: u64,
    duplicate_spans: u64,
    rejected_spans: u64,
    received_logs: u64,
    received_metrics: u64,
    refused_requests: u64,
    /// The same by reason.
    refused: BTreeMap<String, u64>,
    /// Values taken out because they look like secrets.
    redacted: u64,
    /// Bytes of requests in hand, and how many may be before the next is refused.
    queue_bytes: u64,
    queue_limit_bytes: u64,
}

/// What is kept; null: everything.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Retention {
    days: Option<f64>,
    max_bytes: Option<u64>,
}

/// The prices.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PricingState {
    version: Option<String>,
    models: usize,
    /// `shipped`, or the file whose prices win over the shipped ones.
    source: String,
    /// Costs are being brought up to date with new prices.
    repricing: bool,
}

/// Counting takes a look at every row: what was counted is good for this long.
const FRESH: Duration = Duration::from_secs(60);

/// Figures of the store that were counted lately.
#[derive(Default)]
pub(crate) struct Counted(Mutex<Option<(Instant, StoreFigures)>>);

impl Counted {
    /// What was counted lately. A small store is counted each time, so that the first runs show as they come.
    fn known(&self) -> Option<StoreFigures> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known
            .filter(|(at, figures)| figures.records > SMALL && at.elapsed() < FRESH)
            .map(|(_, figures)| figures)
    }

    fn keep(&self, figures: &StoreFigures) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), figures.clone()));
    }
}

/// Records up to which counting takes no time worth saving.
const SMALL: u64 = 100_000;

/// What is set and from where, the state of the store, of receiving, and of prices.
pub(crate) async fn config(State(app): State<Arc<App>>) -> Result<Json<Config>, Problem> {
    let figures = store_figures(&app).await?;
    let prices = app.prices.list();
    let own = prices.lists().1 > 0;
    Ok(Json(Config {
        version: env!("CARGO_PKG_VERSION"),
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
            days: app.keep.age.map(|age| age.as_secs_f64() / 86_400.0),
            max_bytes: app.keep.max_bytes,
        },
        pricing: PricingState {
            version: prices.version().map(|day| day.to_string()),
            models: prices.model_count(),
            source: if own { app.prices.file().display().to_string() } else { "shipped".to_owned() },
            repricing: app.store.counters().is_repricing,
        },
        degraded: health::degraded(&app),
    }))
}

async fn store_figures(app: &Arc<App>) -> Result<StoreFigures, Problem> {
    if let Some(figures) = app.counted.known() {
        return Ok(figures);
    }
    let figures = app.ask(turnscope_store::Reader::store_figures).await?;
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
