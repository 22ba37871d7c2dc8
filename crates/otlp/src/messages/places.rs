//! Where a record's content stands, for whoever asks: what is read, and what holds the same and is passed over.
//!
//! The sources and their order are those by which messages are read.

use super::{
    content::cut_log,
    cut_again,
    preview::best,
    source::{Record, Source},
};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use serde_json::Value as Json;
use turnscope_model::{Kind, Purpose};

/// One value that is for something.
pub(crate) struct ContentPlace {
    pub(crate) purpose: Purpose,
    /// Its key; empty for a log record's body.
    pub(crate) key: String,
    /// The event that holds it; empty for the record's own attributes.
    pub(crate) event: String,
    /// Its place among the keys for the same: the lower, the better.
    pub(crate) rank: u8,
    /// Whether it is the one that is read.
    pub(crate) is_read: bool,
    pub(crate) value: Json,
}

/// Where the content of a span stands.
pub(crate) fn of_span(span: &Span, kind: Kind) -> Vec<ContentPlace> {
    let (span, values) = cut_again(span, kind);
    places(&Record::of_span(&span, &values, kind).sources())
}

/// Where the content of a log record stands.
pub(crate) fn of_log(log: &LogRecord, kind: Kind) -> Vec<ContentPlace> {
    let (log, event, values) = cut_log(log, kind);
    places(&Record::of_log(&log, &values, kind, &event).sources())
}

fn places(sources: &[Source<'_>]) -> Vec<ContentPlace> {
    let is_read = |source: &Source<'_>| {
        best(sources, source.purpose).iter().any(|read| (read.key, read.event) == (source.key, source.event))
    };
    let mut found: Vec<ContentPlace> = sources
        .iter()
        .map(|source| ContentPlace {
            purpose: source.purpose,
            key: source.key.to_owned(),
            event: source.event.to_owned(),
            rank: source.rank,
            is_read: is_read(source),
            value: source.sent.json(),
        })
        .collect();
    // One event for each message: told once.
    found.dedup_by(|one, other| {
        (one.purpose, &one.key, &one.event) == (other.purpose, &other.key, &other.event)
    });
    found
}
