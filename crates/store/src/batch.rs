//! What one request asks a store to keep, and what came of it.

use crate::CommitToken;
use std::sync::Arc;
use turnscope_model::{Origin, Record};

/// What one request asks to be kept.
#[derive(Debug, Default)]
pub struct Batch {
    /// Spans and log records.
    pub records: Vec<Record>,
    /// Metrics, whole.
    pub metrics: Vec<MetricRow>,
}

/// One metric of one request, exactly as received.
#[derive(Debug)]
pub struct MetricRow {
    /// Its name.
    pub name: String,
    /// The resource and scope it came under.
    pub origin: Arc<Origin>,
    /// The earliest time of its points, in nanoseconds since the epoch.
    pub start: u64,
    /// The latest, in nanoseconds since the epoch.
    pub end: u64,
    /// How many points it holds.
    pub points: u64,
    /// The encoded `Metric`.
    pub bytes: Vec<u8>,
}

/// A batch that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What the commit did.
    pub stored: Stored,
    /// Names it, for reads that must show it.
    pub token: CommitToken,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Records that are new.
    pub records: u64,
    /// Records that were there already.
    pub duplicates: u64,
    /// Metrics that are new.
    pub metrics: u64,
    /// Records and metrics of a batch that was put into quarantine: durable, and not shown yet.
    pub quarantined: u64,
}
