//! A body to records: what the server does with a request, and the only way in that it uses.
//!
//! Protobuf is decoded and normalised record by record, so that beside the body only what is new in it is held.
//! Anything unusual (JSON, texts that are no UTF-8, what is malformed) is decoded whole: the same records, or the error.

use crate::{
    decode::{self, DecodeError, Format},
    normalise::{self, Normalised},
    redact::Redactor,
};
use bytes::Bytes;

/// The records of an export request for traces.
///
/// # Errors
/// The body is not what its format says; nothing of it is taken.
pub fn traces(body: &Bytes, format: Format, redactor: &Redactor) -> Result<Normalised, DecodeError> {
    if format == Format::Protobuf
        && let Ok(records) = decode::envelope::open(body.clone())
            .and_then(|envelope| normalise::encoded_traces(envelope, redactor))
    {
        return Ok(records);
    }
    Ok(normalise::traces(decode::traces(body, format)?, redactor))
}

/// The records of an export request for logs.
///
/// # Errors
/// As [`traces`].
pub fn logs(body: &Bytes, format: Format, redactor: &Redactor) -> Result<Normalised, DecodeError> {
    if format == Format::Protobuf
        && let Ok(records) = decode::envelope::open(body.clone())
            .and_then(|envelope| normalise::encoded_logs(envelope, redactor))
    {
        return Ok(records);
    }
    Ok(normalise::logs(decode::logs(body, format)?, redactor))
}
