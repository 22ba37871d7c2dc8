//! Bytes to protobuf types: strictly first, and once more with patience where only the encoding of a text is wrong.
//!
//! Here: the ways in, and what is refused. In the files below: what stands around records (`envelope`), OTLP/JSON (`json`, `json_messages`, `json_metrics`) and
//! texts that are no UTF-8 (`utf8`). Not here: what the content means.

pub(crate) mod envelope;
mod json;
mod json_messages;
mod json_metrics;
mod utf8;

pub use utf8::ORIGINAL_BYTES;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::KeyValue,
};
use prost::Message;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/x-protobuf`, and gRPC.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Why a body is refused whole.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No valid protobuf of the expected message.
    #[error("the body is no valid OTLP protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// No valid OTLP/JSON. The message says where: the path of keys, line and column.
    #[error("the body is no valid OTLP/JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Decodes an export request for traces.
pub fn traces(body: &[u8], format: Format) -> Result<ExportTraceServiceRequest, DecodeError> {
    match format {
        Format::Protobuf => protobuf(body, &utf8::TRACES),
        Format::Json => json(body, |request: &mut ExportTraceServiceRequest| {
            let scopes = request.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans);
            for span in scopes.flat_map(|scope| &mut scope.spans) {
                mark(span, |span| &mut span.attributes);
            }
        }),
    }
}

/// Decodes an export request for logs.
pub fn logs(body: &[u8], format: Format) -> Result<ExportLogsServiceRequest, DecodeError> {
    match format {
        Format::Protobuf => protobuf(body, &utf8::LOGS),
        Format::Json => json(body, |request: &mut ExportLogsServiceRequest| {
            let scopes = request.resource_logs.iter_mut().flat_map(|resource| &mut resource.scope_logs);
            for log in scopes.flat_map(|scope| &mut scope.log_records) {
                mark(log, |log| &mut log.attributes);
            }
        }),
    }
}

/// Decodes an export request for metrics.
pub fn metrics(body: &[u8], format: Format) -> Result<ExportMetricsServiceRequest, DecodeError> {
    match format {
        Format::Protobuf => protobuf(body, &utf8::METRICS),
        Format::Json => json(body, |_: &mut ExportMetricsServiceRequest| {}),
    }
}

fn protobuf<M: Message + Default>(body: &[u8], schema: &'static utf8::Schema) -> Result<M, DecodeError> {
    M::decode(body).or_else(|error| {
        let repaired = utf8::repair(body, schema).ok_or(error)?;
        Ok(M::decode(&repaired[..])?)
    })
}

fn json<M: json::FromJson>(body: &[u8], mark: impl FnOnce(&mut M)) -> Result<M, DecodeError> {
    json::parse(body).or_else(|error| {
        let Some(repaired) = utf8::repair_json(body) else { return Err(error.into()) };
        let mut request = json::parse(repaired.as_bytes())?;
        mark(&mut request);
        Ok(request)
    })
}

/// Marks a record whose text had to be repaired. Its own bytes cannot be told from the others' in a JSON body.
fn mark<M: Message>(record: &mut M, attributes: impl Fn(&mut M) -> &mut Vec<KeyValue>) {
    let bytes = record.encode_to_vec();
    if memchr::memmem::find(&bytes, "\u{FFFD}".as_bytes()).is_some() {
        attributes(record).push(utf8::original(Vec::new()));
    }
}
