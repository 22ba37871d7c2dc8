//! A collector that stores the requests it receives, over HTTP and gRPC on one port, with or without TLS.

use crate::{tls, valid};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
    serve::Listener,
};
use flate2::read::GzDecoder;
use http::HeaderMap;
use http_body_util::{BodyExt as _, StreamBody};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message as _;
use std::{
    io::{self, Read as _},
    net::SocketAddr,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: Receiver<Received>,
    _runtime: Runtime,
}

/// One request.
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::serve(|listener| listener)
    }

    /// Starts with TLS, and returns the PEM certificate to trust.
    pub(crate) fn start_with_tls() -> (Self, String) {
        let own = tls::certificate();
        let acceptor = tls::acceptor(&own, None);
        (Self::serve(|listener| Tls(listener, acceptor)), tls::pem("CERTIFICATE", own.cert.der()))
    }

    /// Like [`start_with_tls`](Self::start_with_tls), but accepts only one client, whose PEM certificate and
    /// key are returned too.
    pub(crate) fn start_with_mutual_tls() -> (Self, String, (String, String)) {
        let (own, client) = (tls::certificate(), tls::certificate());
        let acceptor = tls::acceptor(&own, Some(&client));
        let shown = tls::pem("CERTIFICATE", client.cert.der());
        let key = tls::pem("PRIVATE KEY", &client.signing_key.serialize_der());
        let trusted = tls::pem("CERTIFICATE", own.cert.der());
        (Self::serve(|listener| Tls(listener, acceptor)), trusted, (shown, key))
    }

    fn serve<L: Listener<Addr = SocketAddr>>(wrap: impl FnOnce(TcpListener) -> L) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        let router = Router::new().fallback(receive).with_state(sender);
        let _inside = runtime.enter();
        runtime.spawn(axum::serve(wrap(listener), router).into_future());
        Self { address, received, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request, checked for validity.
    pub(crate) fn next(&self) -> Received {
        let received = self.received.recv_timeout(Duration::from_secs(60)).expect("a request");
        valid::check(&received.request);
        received
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Received {
    pub(crate) fn spans(&self) -> Vec<&Span> {
        let scopes = self.request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| &scope.spans).collect()
    }

    /// A resource attribute as text.
    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        let resource = self.request.resource_spans.first()?.resource.as_ref()?;
        text(&resource.attributes, key)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An attribute as text.
pub(crate) fn text(
    attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue],
    key: &str,
) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?;
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    }
}

async fn receive(State(sender): State<Sender<Received>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/v1/metrics" {
        return Response::new(Body::empty()); // this collector stores spans only
    }
    let mut body = body.collect().await.unwrap().to_bytes();
    let content_type = parts.headers["content-type"].to_str().unwrap();
    let is_grpc = content_type.starts_with("application/grpc");
    let is_compressed =
        if is_grpc { body.split_to(5)[0] == 1 } else { parts.headers.contains_key("content-encoding") };
    let mut plain = Vec::new();
    if is_compressed {
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
    } else {
        plain = body.into();
    }
    let request = if content_type == "application/json" {
        serde_json::from_slice(&plain).unwrap()
    } else {
        ExportTraceServiceRequest::decode(&plain[..]).unwrap()
    };
    let _ =
        sender.send(Received { path: parts.uri.path().to_owned(), headers: parts.headers.clone(), request });
    if !is_grpc {
        let answer = if content_type == "application/json" { "{}" } else { "" };
        return Response::builder().header("content-type", content_type).body(answer.into()).unwrap();
    }
    // An empty message and status OK.
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        http::HeaderValue::from_static("0"),
    )]);
    let frames = [
        Ok::<_, io::Error>(http_body::Frame::data(Bytes::from_static(&[0; 5]))),
        Ok(http_body::Frame::trailers(trailers)),
    ];
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}

struct Tls(TcpListener, TlsAcceptor);

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.0.accept().await else { continue };
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}
