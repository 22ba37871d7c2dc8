//! What stands around the records of a request: the same three messages for spans and log records.
//!
//! The records themselves stay encoded, as slices of the body, so that each can be decoded when its turn comes: a
//! request is never held decoded as a whole. Not here: records, and texts that are no UTF-8 (`utf8`).

use super::DecodeError;
use bytes::Bytes;
use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource};
use prost::Message;

/// `ExportTraceServiceRequest` or `ExportLogsServiceRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Envelope {
    #[prost(message, repeated, tag = "1")]
    pub(crate) resources: Vec<OfResource>,
}

/// `ResourceSpans` or `ResourceLogs`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfResource {
    #[prost(message, optional, tag = "1")]
    pub(crate) resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) scopes: Vec<OfScope>,
    #[prost(string, tag = "3")]
    pub(crate) schema_url: String,
}

/// `ScopeSpans` or `ScopeLogs`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OfScope {
    #[prost(message, optional, tag = "1")]
    pub(crate) scope: Option<InstrumentationScope>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) records: Vec<Bytes>,
    #[prost(string, tag = "3")]
    pub(crate) schema_url: String,
}

/// Opens a request; its records are still as they were sent.
pub(crate) fn open(body: Bytes) -> Result<Envelope, DecodeError> {
    Ok(Envelope::decode(body)?)
}
