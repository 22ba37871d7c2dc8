//! OTLP over HTTP: protobuf and JSON, on the OTLP port and on the main one.

use crate::{
    auth::Right,
    body,
    ingest::{Accepted, Partial, Payload, Signal},
    own_writes::name_commit,
    refusal::Refusal,
    state::App,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use prost::Message as _;
use std::sync::Arc;
use turnscope_otlp::decode::Format;

/// The signal of a path. Any prefix before `/v1/traces` is accepted, since clients of other systems send to
/// `/api/public/otel/v1/traces` and the like.
pub(crate) fn signal_of(path: &str) -> Option<Signal> {
    let path = path.trim_end_matches('/');
    [("/v1/traces", Signal::Traces), ("/v1/logs", Signal::Logs), ("/v1/metrics", Signal::Metrics)]
        .into_iter()
        .find_map(|(suffix, signal)| path.ends_with(suffix).then_some(signal))
}

/// Receives one export request.
pub(crate) async fn export(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let signal = match signal_of(&path) {
        Some(signal) => signal,
        // `/`, and `/otel` or `/api/public/otel` as a per-signal endpoint that is used as it is.
        None => Signal::Traces,
    };
    let format = match content_type(request.headers()) {
        Ok(format) => format,
        Err(refusal) => {
            let (parts, body) = request.into_parts();
            body::discard(&parts.headers, body).await;
            return refuse(&app, signal, Format::Json, &refusal);
        }
    };
    match take(&app, signal, format, request).await {
        Ok(taken) => accepted(signal, format, taken),
        Err(refusal) => refuse(&app, signal, format, &refusal),
    }
}

async fn take(app: &Arc<App>, signal: Signal, format: Format, request: Request) -> Result<Accepted, Refusal> {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = may_ingest(app, &parts).await {
        body::discard(&parts.headers, body).await;
        return Err(refusal);
    }
    let encoding =
        parts.headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").to_owned());
    let (bytes, reservation) = app.ingest.collect(&parts.headers, body, app.limits).await?;
    app.ingest.receive(Payload { signal, format, encoding, bytes }, reservation).await
}

/// Whether this request may send telemetry.
pub(crate) async fn may_ingest(app: &App, request: &Parts) -> Result<(), Refusal> {
    let principal = app.auth.principal(&request.method, &request.headers).await;
    let principal = principal.ok_or(Refusal::Unauthenticated)?;
    if principal.may(Right::Ingest) { Ok(()) } else { Err(Refusal::Forbidden) }
}

fn content_type(headers: &http::HeaderMap) -> Result<Format, Refusal> {
    let value = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-protobuf" | "application/protobuf" | "application/octet-stream" => {
            Ok(Format::Protobuf)
        }
        "application/json" => Ok(Format::Json),
        _ => Err(Refusal::ContentType(value.to_owned())),
    }
}

/// The three response messages have one shape: `partial_success { rejected = 1, error_message = 2 } = 1`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl From<Partial> for ExportResponse {
    fn from(partial: Partial) -> Self {
        let partial_success = (partial.rejected > 0 || !partial.message.is_empty()).then(|| PartialSuccess {
            rejected: i64::try_from(partial.rejected).unwrap_or(i64::MAX),
            error_message: partial.message,
        });
        Self { partial_success }
    }
}

fn accepted(signal: Signal, format: Format, Accepted { partial, token }: Accepted) -> Response {
    let response = ExportResponse::from(partial);
    let body = match format {
        Format::Protobuf => response.encode_to_vec(),
        Format::Json => match response.partial_success {
            None => b"{}".to_vec(),
            Some(partial) => {
                let counted = match signal {
                    Signal::Traces => "rejectedSpans",
                    Signal::Logs => "rejectedLogRecords",
                    Signal::Metrics => "rejectedDataPoints",
                };
                serde_json::json!({"partialSuccess": {
                    counted: partial.rejected.to_string(),
                    "errorMessage": partial.error_message,
                }})
                .to_string()
                .into_bytes()
            }
        },
    };
    let mut response = reply(StatusCode::OK, format, body);
    name_commit(response.headers_mut(), token);
    response
}

/// The answer to a refused request, in its own format.
pub(crate) fn refuse(app: &App, signal: Signal, format: Format, refusal: &Refusal) -> Response {
    app.ingest.refused.count(signal, refusal);
    let wire = refusal.wire();
    let status =
        tonic_types::pb::Status { code: wire.grpc as i32, message: refusal.to_string(), details: Vec::new() };
    let body = match format {
        Format::Protobuf => status.encode_to_vec(),
        Format::Json => {
            serde_json::json!({"code": status.code, "message": status.message}).to_string().into_bytes()
        }
    };
    let mut response = reply(wire.http, format, body);
    if let Some(after) = wire.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    if matches!(refusal, Refusal::Unauthenticated) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn reply(status: StatusCode, format: Format, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(match format {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        }),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_other_systems_are_known_by_their_end() {
        assert_eq!(signal_of("/v1/traces"), Some(Signal::Traces));
        assert_eq!(signal_of("/v1/logs/"), Some(Signal::Logs));
        assert_eq!(signal_of("/api/public/otel/v1/traces"), Some(Signal::Traces));
        assert_eq!(signal_of("/api/v1/private/otel/v1/metrics"), Some(Signal::Metrics));
        assert_eq!(signal_of("/"), None);
        assert_eq!(signal_of("/v1/profiles"), None);
    }
}
