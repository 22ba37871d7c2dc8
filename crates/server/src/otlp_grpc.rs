//! OTLP over gRPC. Messages are handed on as bytes, so that both receivers decode (and forgive) in one place.

use crate::{
    ingest::{Partial, Signal},
    otlp_http::ExportResponse,
    refusal::Refusal,
    state::App,
};
use axum::{Router, extract::State, response::Response, routing::post};
use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message as _;
use std::{future::Future, pin::Pin, sync::Arc};
use tonic::{
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, UnaryService},
};
use tonic_types::{ErrorDetails, StatusExt as _};
use turnscope_otlp::decode::Format;

/// The three export services.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(logs))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(metrics))
}

async fn traces(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    serve(app, Signal::Traces, request).await
}
async fn logs(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    serve(app, Signal::Logs, request).await
}
async fn metrics(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    serve(app, Signal::Metrics, request).await
}

async fn serve(app: Arc<App>, signal: Signal, request: axum::extract::Request) -> Response {
    if !app.auth.allows(request.headers()) {
        let refusal = Refusal::Unauthenticated;
        app.ingest.refused.count(signal, &refusal);
        return status_of(&refusal).into_http::<axum::body::Body>();
    }
    let limit = app.limits.bytes;
    let time = app.limits.time;
    let mut grpc = Grpc::new(Raw)
        .max_decoding_message_size(limit)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .accept_compressed(CompressionEncoding::Deflate);
    let export = Export { app: Arc::clone(&app), signal };
    if let Ok(response) = tokio::time::timeout(time, grpc.unary(export, request)).await {
        return response.map(axum::body::Body::new);
    }
    let refusal = Refusal::TooSlow(time);
    app.ingest.refused.count(signal, &refusal);
    status_of(&refusal).into_http::<axum::body::Body>()
}

struct Export {
    app: Arc<App>,
    signal: Signal,
}

impl UnaryService<Bytes> for Export {
    type Response = Partial;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Partial>, tonic::Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (app, signal) = (Arc::clone(&self.app), self.signal);
        Box::pin(async move {
            let body = request.into_inner();
            let outcome = match app.ingest.reserve(body.len()) {
                Ok(room) => app.ingest.receive(signal, Format::Protobuf, body, room).await,
                Err(refusal) => Err(refusal),
            };
            outcome.map(tonic::Response::new).map_err(|refusal| {
                app.ingest.refused.count(signal, &refusal);
                status_of(&refusal)
            })
        })
    }
}

fn status_of(refusal: &Refusal) -> tonic::Status {
    let wire = refusal.wire();
    let mut details = ErrorDetails::new();
    if let Some(after) = wire.retry_after {
        details.set_retry_info(Some(after));
    }
    tonic::Status::with_error_details(wire.grpc, refusal.to_string(), details)
}

/// Bytes in, an export response out.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Partial;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Partial;
    type Error = tonic::Status;
    fn encode(&mut self, item: Partial, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        out.put_slice(&ExportResponse::from(item).encode_to_vec());
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;
    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(input.copy_to_bytes(input.remaining())))
    }
}
