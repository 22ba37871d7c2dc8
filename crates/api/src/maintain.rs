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
    /// Apply the rules of `retention.toml`. The age then holds for what no rule matches.
    pub rules: bool,
    /// Delete nothing, and say what would go.
    pub dry_run: bool,
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
    /// Traces of which only the contents were deleted; what they did and cost stays. Their records count among `records`.
    pub contents: u64,
    /// What each rule did, or with `dry_run` would do; the last one is the limit of age. Empty where no rules were asked for.
    pub rules: Vec<RuleReport>,
    /// Bytes beyond the limit of size, with `dry_run`; the oldest would go until they are freed.
    pub bytes_over: Option<u64>,
    /// How large the store is afterwards.
    #[serde(flatten)]
    pub size: Size,
}

/// What a rule of retention did, or would do.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct RuleReport {
    /// The rule's runs, in the query language; null for the limit of age.
    pub runs: Option<String>,
    /// Traces that it matched and that are old enough for some rule.
    pub matched: u64,
    /// Traces that go.
    pub deleted: u64,
    /// Traces of which only the contents go.
    pub contents_deleted: u64,
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
