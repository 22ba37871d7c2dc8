//! Settings and state of a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings and state of the server.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Config {
    pub version: String,
    pub uptime_ms: u64,
    pub values: Vec<Value>,
    /// Whether a key is asked for.
    pub api_key_set: bool,
    pub addresses: AddressTexts,
    pub store: StoreState,
    pub ingest: IngestState,
    pub retention: Retention,
    pub pricing: PricingState,
    /// What is not as it should be, in words.
    pub degraded: Vec<String>,
}

/// One setting.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Value {
    pub name: String,
    /// Secrets show as `***`.
    pub value: String,
    /// The flag, the variable, the file or the profile that set it; `default` when nothing did.
    pub source: String,
    pub doc: String,
}

/// Where the server listens, `host:port` each.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct AddressTexts {
    pub listen: String,
    pub otlp_grpc: String,
    pub otlp_http: String,
}

/// The store. Counts of a large store are up to a minute old.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StoreState {
    pub path: String,
    /// In use; the file may be larger.
    pub bytes: u64,
    pub free_bytes: u64,
    /// What the search index takes of it; null where that cannot be told.
    pub search_bytes: Option<u64>,
    /// Spans and log records.
    pub records: u64,
    /// Messages and other content, each kept once.
    pub contents: u64,
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
    pub received_spans: u64,
    pub stored_spans: u64,
    pub duplicate_spans: u64,
    pub rejected_spans: u64,
    pub received_logs: u64,
    pub received_metrics: u64,
    pub refused_requests: u64,
    /// The same by reason.
    pub refused: BTreeMap<String, u64>,
    /// Values taken out because they look like secrets.
    pub redacted: u64,
    /// Bytes of requests in hand, and how many may be before the next is refused.
    pub queue_bytes: u64,
    pub queue_limit_bytes: u64,
}

/// What is kept; null: everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Retention {
    pub days: Option<f64>,
    pub max_bytes: Option<u64>,
}

/// The prices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct PricingState {
    pub version: Option<String>,
    pub models: usize,
    /// `shipped`, or the file whose prices win over the shipped ones.
    pub source: String,
    /// Costs are being brought up to date with new prices.
    pub repricing: bool,
}
