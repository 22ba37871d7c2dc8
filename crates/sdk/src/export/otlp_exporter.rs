//! Exports spans over OTLP, by HTTP and gRPC, through OpenTelemetry's own exporter.
//!
//! Not here: certificates (`tls`), metrics and logs (`otlp_signals`).

use super::{
    Exporter, Otlp, OtlpProtocol,
    otlp_client::{LastFailure, NotingClient, with_remedy},
};
#[cfg(all(feature = "grpc", feature = "tls"))]
use crate::environment::exporter;
use crate::secret::shown;
use opentelemetry::Context;
use opentelemetry_http::hyper::HyperClient;
#[cfg(feature = "grpc")]
use opentelemetry_otlp::WithTonicConfig;
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkError,
    trace::{SpanData, SpanExporter as _},
};
use std::{borrow::Cow, error::Error, fmt, time::Duration};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

impl Otlp {
    fn build(&self, failure: LastFailure) -> Result<opentelemetry_otlp::SpanExporter, Failure> {
        let builder = opentelemetry_otlp::SpanExporter::builder();
        Ok(match self.protocol {
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => self.grpc_builder(builder.with_tonic(), &self.endpoint)?.build()?,
            _ => self.http_builder(builder.with_http(), &self.endpoint, failure)?.build()?,
        })
    }

    pub(super) fn http_builder<B: WithExportConfig + WithHttpConfig>(
        &self,
        builder: B,
        endpoint: &str,
        failure: LastFailure,
    ) -> Result<B, Failure> {
        #[cfg(feature = "otlp-json")]
        let is_json = self.protocol == OtlpProtocol::HttpJson;
        let timeout = self.timeout.unwrap_or_else(timeout_from_env);
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        let builder = builder
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(timeout)
            .with_headers(headers.collect());
        #[cfg(feature = "otlp-json")]
        let builder = if is_json { builder.with_protocol(Protocol::HttpJson) } else { builder };
        Ok(builder.with_http_client(self.client(endpoint, timeout, failure)?))
    }

    #[cfg(feature = "grpc")]
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
                let value = http::HeaderValue::try_from(value.expose())?;
                headers.insert(http::HeaderName::try_from(name)?, value);
            }
            let metadata = opentelemetry_otlp::tonic_types::metadata::MetadataMap::from_headers(headers);
            builder = builder.with_metadata(metadata);
        }
        #[cfg(feature = "tls")]
        if needs_tls(endpoint) {
            builder = builder.with_tls_config(super::tls::grpc(self)?);
        }
        Ok(builder)
    }

    fn client(
        &self,
        endpoint: &str,
        timeout: Duration,
        failure: LastFailure,
    ) -> Result<NotingClient, Failure> {
        #[cfg(feature = "tls")]
        if endpoint.starts_with("https:") {
            let client = HyperClient::new(super::tls::connector(self)?, timeout, None);
            return Ok(NotingClient::new(client, failure));
        }
        let _ = endpoint;
        Ok(NotingClient::new(HyperClient::with_default_connector(timeout, None), failure))
    }
}

/// Whether gRPC reaches an endpoint over TLS: without a scheme, too, unless the environment says otherwise.
#[cfg(all(feature = "grpc", feature = "tls"))]
fn needs_tls(endpoint: &str) -> bool {
    let is_insecure = || exporter("INSECURE").is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"));
    endpoint.starts_with("https:") || (!endpoint.contains("://") && !is_insecure())
}

fn timeout_from_env() -> Duration {
    let number = crate::environment::number;
    let general = number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000);
    Duration::from_millis(number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", general) as u64)
}

/// Runs `work` with telemetry suppressed: exporting must not record telemetry of its own.
pub(super) fn suppressed<T>(work: impl FnOnce() -> T) -> T {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    work()
}

/// The OTLP exporter, with a small runtime that its clients need.
pub(crate) struct OtlpExporter {
    exporter: opentelemetry_otlp::SpanExporter,
    runtime: tokio::runtime::Runtime,
    timeout: Duration,
    name: String,
    failure: LastFailure,
}

impl OtlpExporter {
    /// `timeout` limits an export including its retries.
    pub(crate) fn new(otlp: &Otlp, timeout: Duration, resource: &Resource) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let failure = LastFailure::default();
        let mut exporter = {
            let _inside = runtime.enter();
            otlp.build(failure.clone())?
        };
        exporter.set_resource(resource);
        let protocol = if otlp.protocol == OtlpProtocol::Grpc { "OTLP/gRPC" } else { "OTLP" };
        let name = format!("{protocol} {}", shown(&otlp.endpoint));
        Ok(Self { exporter, runtime, timeout, name, failure })
    }
}

impl Exporter for OtlpExporter {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Failure> {
        let export = self.exporter.export(spans.to_vec());
        let timeout = self.timeout;
        let done = self.runtime.block_on(async move { tokio::time::timeout(timeout, export).await });
        let noted = self.failure.take();
        let why = match done {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(OTelSdkError::InternalFailure(said))) => noted.unwrap_or(said),
            Ok(Err(error)) => noted.unwrap_or_else(|| error.to_string()),
            Err(_) => match noted {
                Some(noted) => format!("{noted}, also after retries for {timeout:?}"),
                None => format!("no answer within {timeout:?}"),
            },
        };
        Err(with_remedy(&why))
    }

    fn name(&self) -> Cow<'_, str> {
        self.name.as_str().into()
    }
}

/// Its headers may be secret.
impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter").field("name", &self.name).finish_non_exhaustive()
    }
}
