//! HTTP to a server: plain, without TLS. A server elsewhere is reached through a tunnel or a proxy.

use crate::exit::{Code, Failure};
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(super) struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    key: Option<String>,
}

impl HttpClient {
    pub(super) fn new(base: &str, key: Option<String>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: base.to_owned(), key }
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
            .map_err(|error| Failure::usage(format!("cannot ask {path}: {error}")))?;
        let response = self.client.request(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Failure::new(Code::Unreachable, format!("cannot reach {}: {cause}", self.base))
                .hint("is it running? `turnscope serve` starts a server; without --server the data directory is read")
        })?;
        Ok(response.map(Body::new))
    }
}
