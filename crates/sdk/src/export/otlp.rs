//! OTLP over HTTP and gRPC, through OpenTelemetry's own exporter.
//!
//! Not here: certificates (`tls`), environment variables (`config::environment`).

use super::Exporter;
use opentelemetry::Context;
use opentelemetry_http::{HttpClient, hyper::HyperClient};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use std::{error::Error, path::PathBuf, time::Duration};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// How spans are sent over OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// gRPC.
    Grpc,
    /// Protobuf over HTTP.
    #[default]
    HttpProtobuf,
    /// JSON over HTTP.
    HttpJson,
}

/// Where and how to send spans over OTLP. `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_COMPRESSION`
/// (`gzip`, `none`) and `OTEL_EXPORTER_OTLP_INSECURE` apply as well; their variants for traces take
/// precedence.
///
/// ```
/// use turnscope::{Config, Otlp};
///
/// let otlp = Otlp::http("http://localhost:4318");
/// assert_eq!(otlp.endpoint, "http://localhost:4318/v1/traces");
/// Config { otlp: Some(otlp), ..Config::new("helpdesk") }.install()?;
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Otlp {
    /// The endpoint; over HTTP with its path. `https` needs the feature `tls`, which is on by default.
    pub endpoint: String,
    /// The endpoint for metrics. Default: derived from the traces endpoint (`/v1/metrics`). Over HTTP that is
    /// possible only if the traces endpoint ends in `/v1/traces`.
    pub metrics_endpoint: Option<String>,
    /// The endpoint for logs. Default: derived from the traces endpoint (`/v1/logs`). Over HTTP that is
    /// possible only if the traces endpoint ends in `/v1/traces`.
    pub logs_endpoint: Option<String>,
    /// The protocol.
    pub protocol: OtlpProtocol,
    /// Headers of every request, as name and value.
    pub headers: Vec<(String, String)>,
    /// Time limit for one request. Default: `OTEL_EXPORTER_OTLP_TIMEOUT` in milliseconds, else 10 s.
    pub timeout: Option<Duration>,
    /// A PEM file with the root certificates to trust instead of the system's.
    pub certificate: Option<PathBuf>,
    /// PEM files with a client certificate and its private key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
}

impl Otlp {
    /// OTLP over HTTP to `endpoint`. `/v1/traces` is appended if it has no path.
    pub fn http(endpoint: impl AsRef<str>) -> Self {
        Self {
            endpoint: with_path(endpoint.as_ref()),
            metrics_endpoint: None,
            logs_endpoint: None,
            protocol: OtlpProtocol::default(),
            headers: Vec::new(),
            timeout: None,
            certificate: None,
            client_certificate: None,
        }
    }

    /// OTLP over gRPC to `endpoint`, such as `http://localhost:4317`.
    pub fn grpc(endpoint: impl Into<String>) -> Self {
        Self { protocol: OtlpProtocol::Grpc, endpoint: endpoint.into(), ..Self::http("") }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn build(&self) -> Result<opentelemetry_otlp::SpanExporter, Failure> {
        let builder = opentelemetry_otlp::SpanExporter::builder();
        Ok(match self.protocol {
            OtlpProtocol::Grpc => self.grpc_builder(builder.with_tonic(), &self.endpoint)?.build()?,
            _ => self.http_builder(builder.with_http(), &self.endpoint)?.build()?,
        })
    }

    /// The endpoint for metrics or logs: the configured one, else one derived from the traces endpoint. Over
    /// HTTP, `None` if the traces endpoint does not end in `/v1/traces`.
    pub(super) fn endpoint_of(&self, signal: &str) -> Option<String> {
        let configured = match signal {
            "metrics" => &self.metrics_endpoint,
            _ => &self.logs_endpoint,
        };
        let derived = || match self.protocol {
            OtlpProtocol::Grpc => Some(self.endpoint.clone()),
            _ => self.endpoint.strip_suffix("/v1/traces").map(|base| format!("{base}/v1/{signal}")),
        };
        configured.clone().or_else(derived)
    }

    pub(super) fn http_builder<B: WithExportConfig + WithHttpConfig>(
        &self,
        builder: B,
        endpoint: &str,
    ) -> Result<B, Failure> {
        let json = self.protocol == OtlpProtocol::HttpJson;
        let timeout = self.timeout.unwrap_or_else(timeout_from_env);
        let builder = builder
            .with_protocol(if json { Protocol::HttpJson } else { Protocol::HttpBinary })
            .with_endpoint(endpoint)
            .with_timeout(timeout)
            .with_headers(self.headers.iter().cloned().collect());
        Ok(builder.with_http_client(self.client(timeout)?))
    }

    pub(super) fn grpc_builder<B: WithExportConfig + WithTonicConfig>(
        &self,
        builder: B,
        endpoint: &str,
    ) -> Result<B, Failure> {
        let timeout = self.timeout.unwrap_or_else(timeout_from_env);
        let mut builder = builder.with_endpoint(endpoint).with_timeout(timeout);
        if !self.headers.is_empty() {
            let mut headers = http::HeaderMap::new();
            for (name, value) in &self.headers {
                headers.insert(http::HeaderName::try_from(name)?, http::HeaderValue::try_from(value)?);
            }
            let metadata = opentelemetry_otlp::tonic_types::metadata::MetadataMap::from_headers(headers);
            builder = builder.with_metadata(metadata);
        }
        #[cfg(feature = "tls")]
        if !endpoint.starts_with("http:") {
            builder = builder.with_tls_config(super::tls::grpc(self)?);
        }
        Ok(builder)
    }

    #[cfg(feature = "tls")]
    fn client(&self, timeout: Duration) -> Result<impl HttpClient + 'static, Failure> {
        Ok(HyperClient::new(super::tls::connector(self)?, timeout, None))
    }

    #[cfg(not(feature = "tls"))]
    fn client(&self, timeout: Duration) -> Result<impl HttpClient + 'static, Failure> {
        if self.endpoint.starts_with("https:") {
            return Err(
                format!("{}: https needs the feature `tls` of the crate `turnscope`", self.endpoint).into()
            );
        }
        Ok(HyperClient::with_default_connector(timeout, None))
    }
}

fn timeout_from_env() -> Duration {
    let number = crate::config::number;
    let general = number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000);
    Duration::from_millis(number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", general) as u64)
}

/// Appends `/v1/traces` if the endpoint has no path.
fn with_path(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    match rest.split_once('/') {
        None => format!("{endpoint}/v1/traces"),
        Some((_, "")) => format!("{endpoint}v1/traces"),
        Some(_) => endpoint.to_owned(),
    }
}

/// Runs `work` with telemetry suppressed: exporting must not record telemetry of its own.
pub(super) fn suppressed<T>(work: impl FnOnce() -> T) -> T {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    work()
}

/// The OTLP exporter, with a small runtime that its clients need.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    exporter: opentelemetry_otlp::SpanExporter,
    runtime: tokio::runtime::Runtime,
    timeout: Duration,
}

impl OtlpExporter {
    /// `timeout` limits an export including its retries.
    pub(crate) fn new(otlp: &Otlp, timeout: Duration, resource: &Resource) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut exporter = {
            let _inside = runtime.enter();
            otlp.build()?
        };
        exporter.set_resource(resource);
        Ok(Self { exporter, runtime, timeout })
    }
}

impl Exporter for OtlpExporter {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Failure> {
        let export = self.exporter.export(spans.to_vec());
        let timeout = self.timeout;
        Ok(self.runtime.block_on(async move { tokio::time::timeout(timeout, export).await })??)
    }
}

#[cfg(test)]
mod tests {
    use super::with_path;

    #[test]
    fn an_endpoint_without_a_path_gets_the_standard_path() {
        assert_eq!(with_path("http://h:1"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/"), "http://h:1/v1/traces");
        assert_eq!(with_path("http://h:1/api/otel"), "http://h:1/api/otel");
    }
}
