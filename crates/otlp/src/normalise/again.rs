//! Stored records, looked at again with the rules of today: what was sent stands in their bodies.
//!
//! Not here: which records are looked at, and what becomes of the difference (the store).

use super::{log_record, span_record};
use crate::{
    cut::{self, Contents, Header, RestoreError},
    redact::Redactor,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message as _;
use std::sync::LazyLock;
use turnscope_model::Record;

/// Differs when other facts may be found in the same bytes, or values be cut out in another way.
pub const RULES: i64 = match i64::from_str_radix(env!("TURNSCOPE_RULES"), 10) {
    Ok(number) => number,
    Err(_) => panic!("the build script writes a number"),
};

/// Why a stored record cannot be looked at again.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// Its body and its row do not fit together.
    #[error("what was sent cannot be put together again: {0}")]
    Body(#[from] RestoreError),
    /// Its resource and scope cannot be read.
    #[error("its resource and scope cannot be read: {0}")]
    Origin(#[from] prost::DecodeError),
    /// What was sent would be left out today.
    #[error("{0}")]
    Refused(String),
}

/// Nothing is redacted a second time: that would change what was kept.
static KEEP: LazyLock<Redactor> = LazyLock::new(Redactor::off);

/// The record that the same bytes give today. What only the receipt knew stays: how much was redacted, and times that were
/// corrected by the clock of that day.
///
/// # Errors
/// The record is damaged: it is to stay as it is.
pub fn again(stored: &Record) -> Result<Record, AgainError> {
    let header = Header::from(stored);
    let resource = ResourceSpans::decode(&stored.origin.bytes[..])?.resource;
    let mut contents = Contents::default();
    let mut record = if cut::is_span(&stored.body, &stored.role) {
        let span = cut::restore_span(&stored.body, &header)?;
        span_record(span, resource.as_ref(), &stored.origin, &KEEP, &mut contents)
            .map_err(AgainError::Refused)?
    } else {
        let log = cut::restore_log(&stored.body, &header)?;
        log_record(log, resource.as_ref(), &stored.origin, &KEEP, &mut contents)
    };
    record.facts.redacted = stored.facts.redacted;
    record.facts.invalid_utf8 |= stored.facts.invalid_utf8;
    if stored.facts.clamped {
        super::times::retime(&mut record, stored.start, stored.end);
    }
    Ok(record)
}
