//! The process-wide installation: providers, pipeline and default recorder, from set-up to shutdown.
//!
//! Not here: the settings (`config`) and the exporters (`export`).

mod end;
mod entry_points;

pub use end::{Recording, dropped, flush, shutdown, shutdown_within};
#[cfg(feature = "yaml")]
pub use entry_points::setup_from_yaml;
pub use entry_points::{init_tracing, setup};

use crate::{
    DataDirectory, Exporter, FinishedSpan, Recorder, RecordingConfig, SetupError, default_recorder,
    environment::{check_sampler, limits},
    export::{Console, RingBuffer},
    export_queue::QueueLimits,
    file::FileExporter,
    log::Log,
    pipeline::{Pipeline, RunEnd},
    processors::Processors,
    sample::TailSampler,
    set_default_recorder,
    setup_error::require,
    truncate::ValueLimits,
};
#[cfg(feature = "otlp")]
use crate::{
    export::{OtlpExporter, log_exporter, meter_provider},
    log_records,
};
use opentelemetry::{global::BoxedTracer, metrics::MeterProvider, trace::noop::NoopTracer};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    trace::{Sampler, SdkTracerProvider, TracerProviderBuilder},
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Numbers the installations, so that a guard knows its own.
static COUNT: AtomicU64 = AtomicU64::new(1);

struct Installation {
    number: u64,
    provider: SdkTracerProvider,
    meters: Option<SdkMeterProvider>,
    loggers: Option<SdkLoggerProvider>,
    pipeline: Pipeline,
    ring: RingBuffer,
    log: Log,
}

static INSTALLED: Mutex<Option<Installation>> = Mutex::new(None);

fn installed() -> MutexGuard<'static, Option<Installation>> {
    INSTALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordingConfig {
    /// Installs this as what [`run`](fn@crate::run) records to. The previous set-up is flushed and closed,
    /// and its ring buffer cleared.
    ///
    /// # Errors
    /// When a value is out of range, a feature is off, or a file, endpoint or thread cannot be opened. The
    /// previous set-up then stays.
    pub fn install(self) -> Result<Recording, SetupError> {
        install(self)
    }
}

fn install(mut config: RecordingConfig) -> Result<Recording, SetupError> {
    if let Some(rate) = config.sample_rate
        && !(0.0..=1.0).contains(&rate)
    {
        return Err(SetupError::invalid("sample_rate", &rate, "0.0 to 1.0"));
    }
    if config.sample_rate.is_none() {
        check_sampler()?;
    }
    if let Some(level) = config.compression
        && !(1..=9).contains(&level)
    {
        return Err(SetupError::invalid("compression", &level, "1 to 9"));
    }
    let log = Log::open(config.log_level, config.log_path.as_deref()).map_err(|source| {
        SetupError::LogFile { path: config.log_path.clone().unwrap_or_default(), source }
    })?;
    let resource = resource(&config);
    let exporters = exporters(&mut config, &resource, &log)?;
    #[cfg(feature = "otlp")]
    let (meters, loggers) = (meters(&config, &resource)?, loggers(&config, &resource, &log)?);
    #[cfg(not(feature = "otlp"))]
    let (meters, loggers) = (None::<SdkMeterProvider>, None::<SdkLoggerProvider>);
    #[cfg(feature = "object-store")]
    let has_content_store = config.content_store.is_some();
    #[cfg(not(feature = "object-store"))]
    let has_content_store = false;
    let queues = limits_with(&config, config.batch_timeout);
    let ring = RingBuffer::new(config.ring_capacity);
    let builder = sampler(SdkTracerProvider::builder(), &config).with_resource(resource);
    let limits_of_values = ValueLimits { max_bytes: config.max_value_bytes, by_key: config.value_limits };
    let early_limits = early_limits(&limits_of_values, has_content_store.then_some(config.max_queue_bytes));
    let processors = Processors {
        redaction: config.redaction,
        limits: limits_of_values,
        tail_sampler: config.sampler.map(|sampler| TailSampler::new(sampler, config.max_held_bytes)),
        #[cfg(feature = "object-store")]
        large: match config.content_store {
            Some(store) => Some(std::sync::Arc::new(crate::content_store::Uploads::start(store, &log)?)),
            None => None,
        },
        #[cfg(not(feature = "object-store"))]
        large: None,
    };
    let run_end =
        RunEnd { block: config.block_on_run_end, delay: config.run_end_delay.min(config.batch_timeout) };
    let pipeline = Pipeline::start(queues, processors, ring.clone(), exporters, run_end, &log)?;
    let provider = limits(builder).with_span_processor(pipeline.clone()).build();
    let mut recorder = Recorder::new(&provider)
        .with_naming(config.naming)
        .with_content(config.content)
        .with_tool_calls(config.tool_calls)
        .with_token_usage(config.token_usage)
        .of_this_process(early_limits, &log);
    if let Some(meters) = &meters {
        recorder = recorder.with_meter(&meters.meter("turnscope"));
    }
    if let Some(loggers) = &loggers {
        recorder = recorder.with_loggers(loggers).with_live(config.live);
    }
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut installed = installed();
    set_default_recorder(recorder);
    let before = installed.replace(Installation { number, provider, meters, loggers, pipeline, ring, log });
    drop(installed);
    if let Some(before) = before {
        let _ = before.end(end::SHUTDOWN_TIMEOUT); // it logs what was lost
    }
    Ok(Recording::of(number))
}

fn exporters(
    config: &mut RecordingConfig,
    resource: &Resource,
    log: &Log,
) -> Result<Vec<Box<dyn Exporter>>, SetupError> {
    let mut exporters: Vec<Box<dyn Exporter>> = Vec::new();
    if let Some(path) = &config.trace_file {
        require("compression", cfg!(feature = "gzip") || config.compression.is_none(), "gzip")?;
        require(
            "encryption_key",
            cfg!(feature = "encryption") || config.encryption_key.is_none(),
            "encryption",
        )?;
        let file = FileExporter::open(path, config.compression, config.encryption_key.clone(), resource);
        let file = file.map_err(|source| SetupError::TraceFile { path: path.clone(), source })?;
        exporters.push(Box::new(file));
    }
    if config.console {
        exporters.push(Box::new(Console));
    }
    if let Some(otlp) = &config.otlp {
        otlp.check()?;
        #[cfg(feature = "otlp")]
        exporters.push(Box::new(
            OtlpExporter::new(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)?,
        ));
    }
    if let Some(directory) = config.store.take() {
        exporters.push(store(directory, config, resource, log)?);
    }
    exporters.append(&mut config.exporters);
    Ok(exporters)
}

#[cfg_attr(not(feature = "store"), allow(clippy::needless_pass_by_value, reason = "the exporter keeps it"))]
fn store(
    directory: DataDirectory,
    config: &RecordingConfig,
    resource: &Resource,
    log: &Log,
) -> Result<Box<dyn Exporter>, SetupError> {
    directory.check()?;
    if config.encryption_key.is_some() {
        let allowed = "off: a data directory cannot be encrypted yet (TRACE_ENCRYPTION_ENABLED)";
        return Err(SetupError::invalid("encryption", "on", allowed));
    }
    #[cfg(feature = "store")]
    return Ok(Box::new(crate::StoreExporter::with_log(directory, resource, log.clone())?));
    #[cfg(not(feature = "store"))]
    {
        let _ = (resource, log);
        Err(SetupError::MissingFeature { setting: "store".to_owned(), feature: "store" })
    }
}

#[cfg(feature = "otlp")]
fn meters(config: &RecordingConfig, resource: &Resource) -> Result<Option<SdkMeterProvider>, SetupError> {
    match &config.otlp {
        Some(otlp) if config.metrics => {
            meter_provider(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)
        }
        _ => Ok(None),
    }
}

#[cfg(feature = "otlp")]
fn loggers(
    config: &RecordingConfig,
    resource: &Resource,
    log: &Log,
) -> Result<Option<SdkLoggerProvider>, SetupError> {
    let Some(otlp) = config.otlp.as_ref().filter(|_| config.logs) else { return Ok(None) };
    let exporter = log_exporter(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)?;
    let Some(exporter) = exporter else { return Ok(None) };
    // A late announcement is useless, so export soon if steps are announced.
    let delay = config.batch_timeout.min(Duration::from_millis(if config.live { 200 } else { 1000 }));
    let limits = limits_with(config, delay);
    Ok(Some(log_records::provider(limits, config.redaction.clone(), exporter, resource.clone(), log)?))
}

fn limits_with(config: &RecordingConfig, delay: Duration) -> QueueLimits {
    let (queue, batch) = (config.queue_size, config.batch_size);
    let bytes = config.max_queue_bytes;
    // Smaller than what servers take, and what is encoded needs memory once more.
    let chunk_bytes = (bytes / 8).clamp(1, 4 << 20);
    QueueLimits { queue, bytes, batch, chunk: batch, chunk_bytes, delay }
}

/// What the caller's thread cuts off before a span is queued. With a content store, values are moved out whole,
/// so there only the queue is protected.
fn early_limits(limits: &ValueLimits, queue_of_content_store: Option<usize>) -> ValueLimits {
    match queue_of_content_store {
        Some(queue) => ValueLimits { max_bytes: queue / 4, by_key: BTreeMap::new() },
        None => limits.with_margin(),
    }
}

fn resource(config: &RecordingConfig) -> Resource {
    match config.service() {
        Some(name) => Resource::builder().with_service_name(name).build(),
        None => Resource::builder().build(),
    }
}

/// A rate in code replaces the environment's sampler, which the builder has already read. It decides when a
/// trace begins: unsampled traces cost next to nothing, and the trace flags tell other processes.
fn sampler(builder: TracerProviderBuilder, config: &RecordingConfig) -> TracerProviderBuilder {
    match config.sample_rate {
        Some(rate) => builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(rate)))),
        None => builder,
    }
}

/// The default recorder's tracer, for any other spans. It does nothing before something is set up.
///
/// ```
/// use opentelemetry::trace::Tracer;
/// turnscope::get_tracer().in_span("anything", |_| ());
/// ```
pub fn get_tracer() -> BoxedTracer {
    match default_recorder().tracer() {
        Some(tracer) => tracer,
        None => BoxedTracer::new(Box::new(NoopTracer::new())),
    }
}

/// The most recent finished spans, oldest first. Empty before something is set up.
pub fn finished_spans() -> Vec<FinishedSpan> {
    let Some((pipeline, ring)) = parts() else { return Vec::new() };
    pipeline.flush_processing();
    ring.spans()
}

/// Whether something is set up.
fn is_installed() -> bool {
    installed().is_some()
}

fn parts() -> Option<(Pipeline, RingBuffer)> {
    installed().as_ref().map(|installation| (installation.pipeline.clone(), installation.ring.clone()))
}
