//! Metrics and logs over OTLP, with the same server and settings as the spans.

#[cfg(feature = "grpc")]
use super::OtlpProtocol;
use super::{
    Otlp,
    otlp_client::{LastFailure, with_remedy},
    otlp_exporter::{Failure, suppressed},
};
use crate::log_records;
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{LogExporter, MetricExporter};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogBatch, LogExporter as _, SdkLogRecord},
    metrics::{
        PeriodicReader, SdkMeterProvider, Temporality, data::ResourceMetrics, exporter::PushMetricExporter,
    },
};
use std::time::Duration;
use tokio::runtime::Runtime;

/// An exporter with a small runtime that its client needs.
#[derive(Debug)]
struct OnRuntime<E> {
    exporter: E,
    failure: LastFailure,
    /// `None` only while dropping.
    runtime: Option<Runtime>,
    timeout: Duration,
}

/// The owner may drop this inside its own runtime, where blocking on another one is not allowed.
impl<E> Drop for OnRuntime<E> {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl<E> OnRuntime<E> {
    fn new(
        timeout: Duration,
        build: impl FnOnce(LastFailure) -> Result<E, Failure>,
    ) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let failure = LastFailure::default();
        let exporter = {
            let _inside = runtime.enter();
            build(failure.clone())?
        };
        Ok(Self { exporter, failure, runtime: Some(runtime), timeout })
    }

    fn wait(&self, export: impl Future<Output = OTelSdkResult>) -> OTelSdkResult {
        let timeout = self.timeout;
        let Some(runtime) = &self.runtime else { return Err(OTelSdkError::AlreadyShutdown) };
        let done = runtime.block_on(async move { tokio::time::timeout(timeout, export).await });
        done.map_err(|_| OTelSdkError::Timeout(timeout))?
    }
}

/// A meter provider that sends to the metrics endpoint of `otlp`, or `None` if there is none.
pub(crate) fn meter_provider(
    otlp: &Otlp,
    timeout: Duration,
    resource: &Resource,
) -> Result<Option<SdkMeterProvider>, Failure> {
    let Some(endpoint) = otlp.endpoint_of("metrics") else { return Ok(None) };
    let exporter = OnRuntime::new(timeout, |failure| {
        let builder = MetricExporter::builder();
        Ok(match otlp.protocol {
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => otlp.grpc_builder(builder.with_tonic(), &endpoint)?.build()?,
            _ => otlp.http_builder(builder.with_http(), &endpoint, failure)?.build()?,
        })
    })?;
    let reader = PeriodicReader::builder(exporter).build();
    Ok(Some(SdkMeterProvider::builder().with_reader(reader).with_resource(resource.clone()).build()))
}

impl PushMetricExporter for OnRuntime<MetricExporter> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        suppressed(|| self.wait(self.exporter.export(metrics)))
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// An exporter that sends to the logs endpoint of `otlp`, or `None` if there is none.
pub(crate) fn log_exporter(
    otlp: &Otlp,
    timeout: Duration,
    resource: &Resource,
) -> Result<Option<impl log_records::LogExporter + use<>>, Failure> {
    let Some(endpoint) = otlp.endpoint_of("logs") else { return Ok(None) };
    let mut exporter = OnRuntime::new(timeout, |failure| {
        let builder = LogExporter::builder();
        Ok(match otlp.protocol {
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => otlp.grpc_builder(builder.with_tonic(), &endpoint)?.build()?,
            _ => otlp.http_builder(builder.with_http(), &endpoint, failure)?.build()?,
        })
    })?;
    exporter.exporter.set_resource(resource);
    Ok(Some(exporter))
}

impl log_records::LogExporter for OnRuntime<LogExporter> {
    fn export(&mut self, records: &[(&SdkLogRecord, &InstrumentationScope)]) -> Result<(), Failure> {
        let done = self.wait(self.exporter.export(LogBatch::new(records)));
        let noted = self.failure.take();
        done.map_err(|error| with_remedy(&noted.unwrap_or_else(|| error.to_string())))
    }
}
