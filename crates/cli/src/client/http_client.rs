//! HTTP and HTTPS to a server, with the system's root certificates or those in `SSL_CERT_FILE`.

use crate::exit::{Code, Failure};
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Time limit for connecting.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

pub(super) struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    key: Option<String>,
}

impl HttpClient {
    pub(super) fn new(base: &str, key: Option<String>) -> Result<Self, Failure> {
        let mut plain = HttpConnector::new();
        plain.set_connect_timeout(Some(CONNECT_TIMEOUT));
        plain.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(base)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, base: base.to_owned(), key })
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| Failure::usage(format!("cannot send the request {path}: {error}")))?;
        let response = self.client.request(request).await.map_err(|error| {
            let cause = root_cause(&error);
            Failure::new(Code::Unreachable, format!("cannot reach {}: {cause}", self.base))
                .hint("start one with `turnscope serve`, or omit --server to read the data directory")
        })?;
        Ok(response.map(Body::new))
    }
}

/// The innermost error.
fn root_cause(error: &dyn std::error::Error) -> &dyn std::error::Error {
    error.source().map_or(error, root_cause)
}

fn tls(base: &str) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    if base.starts_with("https:") {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Failure::new(
                Code::Unreachable,
                format!("cannot reach {base}: this system has no root certificates"),
            )
            .hint("install ca-certificates, or set SSL_CERT_FILE to a PEM file"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Code::Failed, format!("cannot set up TLS: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
