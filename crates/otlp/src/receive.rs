//! A body to records: what the server does with a request, and the only way in that it uses.
//!
//! Spans and log records in protobuf are decoded and normalised record by record, so that beside the body only what is new in
//! it is held. JSON and metrics are decoded whole. A record or metric that is malformed is left out alone.

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
    if format == Format::Protobuf {
        return normalise::encoded_traces(decode::open_traces(body, budget)?, redactor, budget);
    }
    let (request, left_out) = decode::traces_within(body, format, budget)?;
    Ok(normalise::traces(request, redactor).without(&left_out))
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
    if format == Format::Protobuf {
        return normalise::encoded_logs(decode::open_logs(body, budget)?, redactor, budget);
    }
    let (request, left_out) = decode::logs_within(body, format, budget)?;
    Ok(normalise::logs(request, redactor).without(&left_out))
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
