//! An HTTP client for agents: JSON requests, streamed responses, trace propagation, and TLS with the system's
//! root certificates.
//!
//! Not `reqwest`: building its clients with TLS needs a process-wide crypto provider or a feature that would
//! apply to every crate of the workspace.

use bytes::Bytes;
use eventsource_stream::{EventStream, Eventsource as _};
use futures_util::StreamExt as _;
use http_body_util::{BodyDataStream, BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, header::HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};
use std::{sync::Arc, time::Duration};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// Time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time to wait for the next data.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Maximum length of a buffered response body, in bytes.
const MAX_BODY: usize = 4 << 20;

/// Which context a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// The trace context only: a model provider must not see baggage.
    TraceContext,
    /// Baggage too, for another agent.
    WithBaggage,
}

impl Http {
    /// Trusts the system's root certificates.
    pub(crate) fn new() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector.wrap_connector(tcp))))
    }

    /// Posts JSON and returns the response once its headers have arrived. Errors are messages for people.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        propagation: Propagation,
    ) -> Result<Response<Incoming>, String> {
        let mut request = Request::post(url).header("content-type", "application/json");
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|error| format!("{name}: {error}"))?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        for (name, value) in turnscope::current().carrier() {
            if propagation == Propagation::WithBaggage || name != "baggage" {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(IDLE_TIMEOUT, self.0.request(request)).await;
        answer.map_err(|_| idle_error())?.map_err(|error| root_cause(&error))
    }
}

/// A response as server-sent events.
pub(crate) struct Events(EventStream<BodyDataStream<Incoming>>);

impl Events {
    pub(crate) fn of(response: Response<Incoming>) -> Self {
        Self(response.into_body().into_data_stream().eventsource())
    }

    /// The data of the next event, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<String, String>> {
        match tokio::time::timeout(IDLE_TIMEOUT, self.0.next()).await {
            Ok(event) => event.map(|event| event.map(|event| event.data).map_err(|error| error.to_string())),
            Err(_) => Some(Err(idle_error())),
        }
    }
}

/// Reads a response body as text.
pub(crate) async fn text(response: Response<Incoming>) -> Result<String, String> {
    let body = http_body_util::Limited::new(response.into_body(), MAX_BODY);
    let body = tokio::time::timeout(IDLE_TIMEOUT, body.collect()).await.map_err(|_| idle_error())?;
    let bytes = body.map_err(|error| error.to_string())?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn idle_error() -> String {
    format!("no data for {} s", IDLE_TIMEOUT.as_secs())
}

/// The message of the innermost error.
fn root_cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
