//! Pruning and vacuum.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be kept; without any limit nothing is deleted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PruneBody {
    /// What was received longer ago than so many days goes.
    pub retention_days: Option<f64>,
    /// The oldest goes until the rest fits into so many bytes.
    pub retention_max_bytes: Option<u64>,
    /// Give the room back to the disk.
    pub vacuum: bool,
}

/// What was deleted, and what is left.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Pruned {
    /// Traces and assembled runs.
    pub traces: u64,
    /// Spans and log records.
    pub records: u64,
    /// Metrics that were deleted.
    pub metrics: u64,
    /// How large the store is afterwards.
    #[serde(flatten)]
    pub size: Size,
}

/// How large the store is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Size {
    /// Bytes that data takes; the file has these and the free ones.
    pub used_bytes: u64,
    /// Free within the file; new data takes it before the file grows.
    pub free_bytes: u64,
}

/// What is in quarantine after everything in it was tried again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Quarantine {
    /// Requests, traces and messages that still cannot be processed.
    pub left: u64,
}
