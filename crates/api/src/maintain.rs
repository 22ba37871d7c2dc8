//! Pruning, vacuum, and finding facts again.

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

/// Which records are to be looked at again; all without a query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReprojectBody {
    /// Those of the runs that match, in the query language.
    pub q: Option<String>,
    /// The time zone of times in `q`: `UTC`, an offset or a name; default UTC.
    pub tz: Option<String>,
}

/// How far the facts of stored records have been found again by today's rules, now or the last time since the server
/// started.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Reprojection {
    /// Something is left to look at.
    pub running: bool,
    /// Records that were looked at.
    pub done: u64,
    /// Records that are still to be looked at.
    pub left: u64,
    /// Of those looked at, how many are different now.
    pub changed: u64,
}
