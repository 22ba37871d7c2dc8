//! HTTP as agents need it: a JSON body out, a stream back, the trace's context along, TLS with the system's certificates.
//!
//! Not `reqwest`: with TLS and without a process-wide provider of cryptography its clients cannot be made, and that feature would hold
//! for every crate of the workspace.

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

/// A client; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest answer that is read whole.
const LONGEST: usize = 4 << 20;

/// What travels with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// The trace's ids only: for a provider, who is not to learn more.
    Trace,
    /// Baggage too: for another agent.
    Everything,
}

impl Http {
    /// Trusts whom the system trusts.
    pub(crate) fn new() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector.wrap_connector(tcp))))
    }

    /// Posts JSON, and gives the answer once its head is there; errors in words.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        along: Along,
    ) -> Result<Response<Incoming>, String> {
        let mut request = Request::post(url).header("content-type", "application/json");
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|error| format!("{name}: {error}"))?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        for (name, value) in turnscope::current().carrier() {
            if along == Along::Everything || name != "baggage" {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(SILENCE, self.0.request(request)).await;
        answer.map_err(|_| silent())?.map_err(|error| bottom(&error))
    }
}

/// An answer as server-sent events.
pub(crate) struct Events(EventStream<BodyDataStream<Incoming>>);

impl Events {
    pub(crate) fn of(response: Response<Incoming>) -> Self {
        Self(response.into_body().into_data_stream().eventsource())
    }

    /// The data of the next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<String, String>> {
        match tokio::time::timeout(SILENCE, self.0.next()).await {
            Ok(event) => event.map(|event| event.map(|event| event.data).map_err(|error| error.to_string())),
            Err(_) => Some(Err(silent())),
        }
    }
}

/// The whole text of an answer.
pub(crate) async fn text(response: Response<Incoming>) -> Result<String, String> {
    let body = http_body_util::Limited::new(response.into_body(), LONGEST);
    let body = tokio::time::timeout(SILENCE, body.collect()).await.map_err(|_| silent())?;
    let bytes = body.map_err(|error| error.to_string())?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn silent() -> String {
    format!("nothing came for {} s", SILENCE.as_secs())
}

/// The cause below all wrapping.
fn bottom(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
