//! A run taken out, and datasets of marked runs.

use crate::score::Score;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use turnscope_model::Message;

/// How a run is exported.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExportQuery {
    /// `turnscope` (default: with scores, importable again) or `otlp` (OTLP/JSON, `resourceSpans` and `resourceLogs`).
    pub format: Option<String>,
}

/// Where a page of loose telemetry begins.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LooseTelemetryQuery {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Telemetry that belongs to no run, and so is in no run's export.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct LooseTelemetry {
    /// OTLP/JSON: `resourceSpans`, `resourceLogs` and `resourceMetrics`.
    pub otlp: Value,
    /// What is left out because it is damaged, each with the reason.
    pub unreadable: Vec<String>,
    /// Pass it as `cursor` for the next page; null when there are no more. A page may be empty and have a next one.
    pub next_cursor: Option<String>,
}

/// How long a summary may be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SummaryQuery {
    /// Roughly, at four characters a token: 50 to 100000; default 2000.
    pub max_tokens: Option<usize>,
}

/// In which form.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FormatQuery {
    /// `jsonl`, the only one so far.
    pub format: Option<String>,
}

/// A marked run, turn or step.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct DatasetLine {
    /// The run in which the mark is.
    pub run_id: String,
    /// Null: the mark is on the run, or on a turn of it.
    pub step_id: Option<String>,
    /// The turn that is marked, from 1; null when the mark is on the run or on a step.
    pub turn: Option<u64>,
    /// The messages that went in.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub input: Vec<Message>,
    /// What came out.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub output: Vec<Message>,
    /// The marks on this run, turn or step.
    pub scores: Vec<Score>,
    /// The run's tags.
    pub tags: Vec<String>,
    /// The run's metadata, as the application sent it.
    pub metadata: BTreeMap<String, String>,
}
