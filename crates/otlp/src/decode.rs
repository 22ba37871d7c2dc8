//! Bytes to protobuf types.

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};

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
    /// No valid OTLP/JSON.
    #[error("the body is no valid OTLP/JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Decodes an export request for traces.
pub fn traces(body: &[u8], format: Format) -> Result<ExportTraceServiceRequest, DecodeError> {
    decode(body, format)
}

/// Decodes an export request for logs.
pub fn logs(body: &[u8], format: Format) -> Result<ExportLogsServiceRequest, DecodeError> {
    decode(body, format)
}

/// Decodes an export request for metrics.
pub fn metrics(body: &[u8], format: Format) -> Result<ExportMetricsServiceRequest, DecodeError> {
    decode(body, format)
}

fn decode<M>(body: &[u8], format: Format) -> Result<M, DecodeError>
where
    M: prost::Message + Default + serde::de::DeserializeOwned,
{
    Ok(match format {
        Format::Protobuf => M::decode(body)?,
        Format::Json => serde_json::from_slice(body)?,
    })
}
