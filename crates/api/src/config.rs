//! Settings and state of a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings and state of the server.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Config {
    /// The server's version, such as `0.3.0`.
    pub version: String,
    /// Milliseconds since the server started.
    pub uptime_ms: u64,
    /// Every setting with its value and where it came from.
    pub values: Vec<Value>,
    /// Whether a key is asked for.
    pub api_key_set: bool,
    /// The addresses that the server really took: a port 0 is replaced by the one it got.
    pub addresses: AddressTexts,
    /// How large the store is, and what it holds.
    pub store: StoreState,
    /// Counts of received data.
    pub ingest: IngestState,
    /// What the settings say about deleting old runs.
    pub retention: Retention,
    /// Which prices are in use.
    pub pricing: PricingState,
    /// What is not as it should be, in words.
    pub degraded: Vec<String>,
}

/// One setting.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Value {
    /// The setting's name, as the flag without its dashes: `otlp-http`.
    pub name: String,
    /// Secrets show as `***`.
    pub value: String,
    /// The flag, the variable, the file or the profile that set it; `default` when nothing did.
    pub source: String,
    /// What the setting does, in one sentence.
    pub doc: String,
}

/// Where the server listens, `host:port` each.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct AddressTexts {
    /// REST and the web UI.
    pub listen: String,
    /// The OTLP receiver for gRPC.
    pub otlp_grpc: String,
    /// The OTLP receiver for HTTP.
    pub otlp_http: String,
}

/// The store. Counts of a large store are up to a minute old.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StoreState {
    /// The data directory.
    pub path: String,
    /// In use; the file may be larger.
    pub bytes: u64,
    /// Free within the file; new data takes it before the file grows.
    pub free_bytes: u64,
    /// What the search index takes of it; null where that cannot be told.
    pub search_bytes: Option<u64>,
    /// Spans and log records.
    pub records: u64,
    /// Messages and other content, each kept once.
    pub contents: u64,
    /// Runs, child runs included.
    pub runs: u64,
    /// When the oldest run began.
    pub oldest_at: Option<i64>,
    /// Content that the search index has not reached yet.
    pub search_lag: u64,
}

/// What came in since the server started.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct IngestState {
    /// Spans in the requests that were taken in, duplicates and rejected ones included.
    pub received_spans: u64,
    /// Spans that were new and are stored.
    pub stored_spans: u64,
    /// Spans that the store had already; it keeps each once.
    pub duplicate_spans: u64,
    /// Spans that could not be stored, such as those without a valid id.
    pub rejected_spans: u64,
    /// Log records in the requests that were taken in.
    pub received_logs: u64,
    /// Metrics in the requests that were taken in.
    pub received_metrics: u64,
    /// Requests that were refused whole, so that the client sends them again or learns what is wrong.
    pub refused_requests: u64,
    /// The refused requests by reason.
    pub refused: BTreeMap<String, u64>,
    /// Values taken out because they look like secrets.
    pub redacted: u64,
    /// Bytes of requests that were received and are not stored yet.
    pub queue_bytes: u64,
    /// How many bytes may be in hand before the next request is refused.
    pub queue_limit_bytes: u64,
}

/// What is kept; null: everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Retention {
    /// What was received longer ago than so many days is deleted.
    pub days: Option<f64>,
    /// The oldest runs are deleted until the rest fits into so many bytes.
    pub max_bytes: Option<u64>,
}

/// The prices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct PricingState {
    /// The day of the shipped prices, such as `2026-10-01`; null when there are none.
    pub version: Option<String>,
    /// How many models have a price.
    pub models: usize,
    /// `shipped`, or the file whose prices win over the shipped ones.
    pub source: String,
    /// Costs are being brought up to date with new prices.
    pub repricing: bool,
}
