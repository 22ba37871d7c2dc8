//! Exports spans over OTLP, by HTTP and gRPC, through OpenTelemetry's own exporter.
//!
//! Not here: certificates (`tls`), metrics and logs (`otlp_signals`).

use super::{Exporter, Otlp, OtlpProtocol};
use opentelemetry::Context;
use opentelemetry_http::{HttpClient, hyper::HyperClient};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use std::{error::Error, time::Duration};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

impl Otlp {
    fn build(&self) -> Result<opentelemetry_otlp::SpanExporter, Failure> {
        let builder = opentelemetry_otlp::SpanExporter::builder();
        Ok(match self.protocol {
            OtlpProtocol::Grpc => self.grpc_builder(builder.with_tonic(), &self.endpoint)?.build()?,
            _ => self.http_builder(builder.with_http(), &self.endpoint)?.build()?,
        })
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
        Ok(HyperClient::with_default_connector(timeout, None))
    }
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
