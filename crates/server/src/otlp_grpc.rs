//! OTLP over gRPC. Messages are handed on as bytes, so that both receivers decode in one place.

use crate::{
    body::Limits,
    ingest::{Accepted, Payload, Signal},
    otlp_http::{self, ExportResponse, may_ingest},
    own_writes::name_commit,
    refusal::Refusal,
    state::App,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use std::sync::Arc;
use tonic_types::{ErrorDetails, StatusExt as _};
use turnscope_otlp::decode::Format;

/// The three export services.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(logs))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(metrics))
}

async fn traces(State(app): State<Arc<App>>, request: Request) -> Response {
    serve(app, Signal::Traces, request).await
}
async fn logs(State(app): State<Arc<App>>, request: Request) -> Response {
    serve(app, Signal::Logs, request).await
}
async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    serve(app, Signal::Metrics, request).await
}

async fn serve(app: Arc<App>, signal: Signal, request: Request) -> Response {
    match take(&app, signal, request).await {
        Ok(taken) => accepted(taken),
        // Who does not speak gRPC does not read its status in the trailers.
        Err(refusal @ Refusal::NoGrpc(_)) => otlp_http::refuse(&app, signal, Format::Json, &refusal),
        Err(refusal) => {
            app.ingest.refused.count(signal, &refusal);
            let mut response = status_of(&refusal).into_http::<Body>();
            response.headers_mut().insert("grpc-accept-encoding", ENCODINGS);
            response
        }
    }
}

/// What `grpc-encoding` may say.
const ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip,deflate,zstd");
/// A message's flag (compressed or not) and its length.
const FRAME_HEAD: usize = 5;

/// Takes the one message of a unary call. The framing is read here and not by tonic, whose limit holds for a message as
/// it comes over the wire but not for what it unpacks to, and which collects it before memory can be reserved.
async fn take(app: &Arc<App>, signal: Signal, request: Request) -> Result<Accepted, Refusal> {
    let (parts, body) = request.into_parts();
    check_content_type(&parts.headers)?;
    may_ingest(app, &parts).await?;
    let limits = app.limits;
    let framed = Limits { bytes: limits.bytes.saturating_add(FRAME_HEAD), ..limits };
    let (bytes, reservation) = match app.ingest.collect(&parts.headers, body, framed).await {
        Err(Refusal::TooLarge { measured, .. }) => {
            return Err(Refusal::TooLarge { limit: limits.bytes, measured });
        }
        collected => collected?,
    };
    let (compressed, bytes) = one_message(bytes)?;
    let encoding = parts.headers.get("grpc-encoding").filter(|_| compressed);
    let encoding = encoding.map(|value| value.to_str().unwrap_or("?").to_owned());
    let payload = Payload { signal, format: Format::Protobuf, encoding, bytes };
    app.ingest.receive(payload, reservation).await
}

/// gRPC with protobuf. gRPC-web frames its trailers in the body, and is not spoken here.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/grpc" | "application/grpc+proto" => Ok(()),
        _ => Err(Refusal::NoGrpc(value.to_owned())),
    }
}

/// Undoes the framing; says whether the message is compressed.
fn one_message(mut framed: Bytes) -> Result<(bool, Bytes), Refusal> {
    let bad = |why: &str| Err(Refusal::Malformed(format!("the gRPC frame {why}")));
    if framed.len() < FRAME_HEAD {
        return bad("is missing");
    }
    let (flag, length) = (framed.get_u8(), framed.get_u32() as usize);
    match (flag, length == framed.len()) {
        (0 | 1, true) => Ok((flag == 1, framed)),
        (0 | 1, false) if framed.len() > length => bad("is followed by another, but the call is unary"),
        (0 | 1, false) => bad("is shorter than it says"),
        _ => bad("has an unknown flag"),
    }
}

fn accepted(Accepted { partial, token }: Accepted) -> Response {
    let message = ExportResponse::from(partial).encode_to_vec();
    let mut framed = BytesMut::with_capacity(FRAME_HEAD + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(&message);
    let trailers =
        HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let body = Full::new(framed.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-accept-encoding", ENCODINGS);
    name_commit(headers, token);
    response
}

fn status_of(refusal: &Refusal) -> tonic::Status {
    let wire = refusal.wire();
    let mut details = ErrorDetails::new();
    if let Some(after) = wire.retry_after {
        details.set_retry_info(Some(after));
    }
    tonic::Status::with_error_details(wire.grpc, refusal.to_string(), details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_as_it_is_or_not_at_all() {
        let taken = |bytes: &'static [u8]| one_message(Bytes::from_static(bytes)).ok();
        assert_eq!(taken(b"\0\0\0\0\x02ab"), Some((false, Bytes::from_static(b"ab"))));
        assert_eq!(taken(b"\x01\0\0\0\0"), Some((true, Bytes::new())));
        for bad in [&b""[..], b"\0\0\0\0", b"\0\0\0\0\x02a", b"\0\0\0\0\x01ab", b"\x02\0\0\0\0"] {
            assert_eq!(taken(bad), None, "{bad:?}");
        }
    }
}
