//! Bytes to protobuf types.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

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
    Ok(match format {
        Format::Protobuf => prost::Message::decode(body)?,
        Format::Json => serde_json::from_slice(body)?,
    })
}
