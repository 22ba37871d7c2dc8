//! A body to records: what the server does with a request, and the only way in that it uses.
//!
//! Protobuf is decoded and normalised record by record, so that beside the body only what is new in it is held.
//! A record that is malformed is left out alone. Anything unusual elsewhere (JSON, a resource whose texts are not UTF-8, a
//! malformed body) is decoded whole: the same records, or the error.

use crate::{
    decode::{self, Budget, DecodeError, Format},
    normalise::{self, Normalised, NormalisedMetrics},
    redact::Redactor,
};
use bytes::Bytes;

/// The records of an export request for traces.
///
/// # Errors
/// The body is not what its format says, no record of it can be decoded, or decoded it is larger than the budget; nothing
/// of it is taken.
pub fn traces(
    body: &Bytes,
    format: Format,
    redactor: &Redactor,
    budget: &Budget<'_>,
) -> Result<Normalised, DecodeError> {
    record_by_record_or_whole(
        format,
        || normalise::encoded_traces(decode::open_traces(body.clone(), budget)?, redactor, budget),
        || {
            let (request, left_out) = decode::traces_within(body, format, budget)?;
            Ok(normalise::traces(request, redactor).without(&left_out))
        },
    )
}

/// The records of an export request for logs.
///
/// # Errors
/// As [`traces`].
pub fn logs(
    body: &Bytes,
    format: Format,
    redactor: &Redactor,
    budget: &Budget<'_>,
) -> Result<Normalised, DecodeError> {
    record_by_record_or_whole(
        format,
        || normalise::encoded_logs(decode::open_logs(body.clone(), budget)?, redactor, budget),
        || {
            let (request, left_out) = decode::logs_within(body, format, budget)?;
            Ok(normalise::logs(request, redactor).without(&left_out))
        },
    )
}

/// Reads protobuf record by record. What that cannot read, and every other format, is decoded whole.
fn record_by_record_or_whole(
    format: Format,
    record_by_record: impl FnOnce() -> Result<Normalised, DecodeError>,
    whole: impl FnOnce() -> Result<Normalised, DecodeError>,
) -> Result<Normalised, DecodeError> {
    if format == Format::Protobuf {
        match record_by_record() {
            Err(DecodeError::Protobuf(_)) => {}
            read => return read,
        }
    }
    whole()
}

/// The metrics of an export request for metrics.
///
/// # Errors
/// As [`traces`].
pub fn metrics(
    body: &Bytes,
    format: Format,
    redactor: &Redactor,
    budget: &Budget<'_>,
) -> Result<NormalisedMetrics, DecodeError> {
    let (request, left_out) = decode::metrics_within(body, format, budget)?;
    Ok(NormalisedMetrics { left_out, ..normalise::metrics(request, redactor) })
}
