//! A unary gRPC client that sends bytes unchanged, so that captures and broken messages can be sent over gRPC.

use crate::corpus::Signal;
use bytes::{Buf as _, BufMut as _, Bytes};
use http_body_util::Full;
use std::{
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tonic::{
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};
use tower::Service as _;

/// A connection.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    /// How bodies are compressed.
    pub compression: Option<CompressionEncoding>,
    /// Sent with each request.
    pub metadata: Vec<(&'static str, String)>,
}

impl Client {
    /// Connects.
    pub async fn connect(to: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{to}"))
            .expect("an address")
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60));
        let channel = endpoint.connect().await.expect("the server listens");
        Self { channel, compression: None, metadata: Vec::new() }
    }

    /// Sends one body and returns the encoded response.
    pub async fn export(&self, signal: Signal, body: impl Into<Bytes>) -> Result<Bytes, tonic::Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        if let Some(encoding) = self.compression {
            client = client.send_compressed(encoding);
        }
        client.ready().await.map_err(|error| tonic::Status::unavailable(error.to_string()))?;
        let mut request = tonic::Request::new(body.into());
        for (name, value) in &self.metadata {
            request.metadata_mut().insert(*name, value.parse().expect("a header's value"));
        }
        let path = http::uri::PathAndQuery::from_static(path(signal));
        client.unary(request, path, Raw).await.map(tonic::Response::into_inner)
    }

    /// Sends one frame unchanged, declared as compressed with gzip, and returns the status.
    pub async fn gzip_frame(&self, signal: Signal, compressed: &[u8]) -> Option<tonic::Code> {
        let mut frame = Vec::with_capacity(compressed.len() + 5);
        frame.put_u8(1);
        frame.put_u32(compressed.len() as u32);
        frame.put_slice(compressed);
        self.raw(signal, tonic::body::Body::new(Full::new(Bytes::from(frame)))).await
    }

    /// Starts a body, never ends it, and returns the status.
    pub async fn never_ending(&self, signal: Signal) -> Option<tonic::Code> {
        self.raw(signal, tonic::body::Body::new(Stalled)).await
    }

    async fn raw(&self, signal: Signal, body: tonic::body::Body) -> Option<tonic::Code> {
        let request = http::Request::post(path(signal))
            .header("content-type", "application/grpc")
            .header("grpc-encoding", "gzip")
            .header("te", "trailers")
            .body(body)
            .expect("a request");
        let mut channel = self.channel.clone();
        std::future::poll_fn(|cx| channel.poll_ready(cx)).await.ok()?;
        let response = channel.call(request).await.ok()?;
        tonic::Status::from_header_map(response.headers()).map(|status| status.code())
    }
}

/// A body that never produces any data.
struct Stalled;

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = tonic::Status;
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, tonic::Status>>> {
        Poll::Pending
    }
}

fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
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
    type Item = Bytes;
    type Error = tonic::Status;
    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        out.put(item);
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
