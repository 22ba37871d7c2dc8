//! The process-wide installation: providers, pipeline and default recorder, from set-up to shutdown.
//!
//! Not here: the settings (`config`) and the exporters (`export`).

mod entry_points;

#[cfg(feature = "yaml")]
pub use entry_points::setup_from_yaml;
pub use entry_points::{init_tracing, setup};

use crate::{
    Config, DataDirectory, Exporter, FinishedSpan, Recorder, SetupError, default_recorder,
    environment::limits,
    export::{Console, RingBuffer},
    export_queue::QueueLimits,
    file::FileExporter,
    log::Log,
    pipeline::Pipeline,
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
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

struct Installation {
    provider: SdkTracerProvider,
    meters: Option<SdkMeterProvider>,
    loggers: Option<SdkLoggerProvider>,
    pipeline: Pipeline,
    ring: RingBuffer,
}

static INSTALLED: Mutex<Option<Installation>> = Mutex::new(None);

fn installed() -> MutexGuard<'static, Option<Installation>> {
    INSTALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Config {
    /// Installs this as what [`run`](fn@crate::run) records to. The previous set-up is flushed and closed,
    /// and its ring buffer cleared.
    ///
    /// # Errors
    /// When a value is out of range, a feature is off, or a file, endpoint or thread cannot be opened. The
    /// previous set-up then stays.
    pub fn install(self) -> Result<(), SetupError> {
        install(self)
    }
}

fn install(mut config: Config) -> Result<(), SetupError> {
    if let Some(rate) = config.sample_rate
        && !(0.0..=1.0).contains(&rate)
    {
        return Err(SetupError::invalid("sample_rate", &rate, "0.0 to 1.0"));
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
    let queues = limits_with(&config, config.batch_timeout);
    let ring = RingBuffer::new(config.ring_capacity);
    let builder = sampler(SdkTracerProvider::builder(), &config).with_resource(resource);
    let processors = Processors {
        redaction: config.redaction,
        limits: ValueLimits { max_bytes: config.max_value_bytes, by_key: config.value_limits },
        tail_sampler: config.sampler.map(|sampler| TailSampler::new(sampler, config.max_held_bytes)),
        #[cfg(feature = "object-store")]
        large: match config.content_store {
            Some(store) => Some(std::sync::Arc::new(crate::content_store::Uploads::start(store, &log)?)),
            None => None,
        },
        #[cfg(not(feature = "object-store"))]
        large: None,
    };
    let pipeline =
        Pipeline::start(queues, processors, ring.clone(), exporters, config.block_on_run_end, &log)?;
    let provider = limits(builder).with_span_processor(pipeline.clone()).build();
    let mut recorder = Recorder::new(&provider)
        .with_naming(config.naming)
        .with_content(config.content)
        .with_tool_calls(config.tool_calls)
        .with_token_usage(config.token_usage);
    if let Some(meters) = &meters {
        recorder = recorder.with_meter(&meters.meter("turnscope"));
    }
    if let Some(loggers) = &loggers {
        recorder = recorder.with_loggers(loggers).with_live(config.live);
    }
    let mut installed = installed();
    set_default_recorder(recorder);
    let before = installed.replace(Installation { provider, meters, loggers, pipeline, ring });
    drop(installed);
    if let Some(before) = before {
        before.end();
    }
    Ok(())
}

fn exporters(
    config: &mut Config,
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
        let file = FileExporter::open(path, config.compression, config.encryption_key.clone());
        let file = file.map_err(|source| SetupError::TraceFile { path: path.clone(), source })?;
        exporters.push(Box::new(file));
    }
    if config.console {
        exporters.push(Box::new(Console));
    }
    if let Some(otlp) = &config.otlp {
        otlp.check_features()?;
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
    config: &Config,
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
fn meters(config: &Config, resource: &Resource) -> Result<Option<SdkMeterProvider>, SetupError> {
    match &config.otlp {
        Some(otlp) if config.metrics => {
            meter_provider(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)
        }
        _ => Ok(None),
    }
}

#[cfg(feature = "otlp")]
fn loggers(config: &Config, resource: &Resource, log: &Log) -> Result<Option<SdkLoggerProvider>, SetupError> {
    let Some(otlp) = config.otlp.as_ref().filter(|_| config.logs) else { return Ok(None) };
    let exporter = log_exporter(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)?;
    let Some(exporter) = exporter else { return Ok(None) };
    // A late announcement is useless, so export soon if steps are announced.
    let delay = config.batch_timeout.min(Duration::from_millis(if config.live { 200 } else { 1000 }));
    let limits = limits_with(config, delay);
    Ok(Some(log_records::provider(limits, config.redaction.clone(), exporter, resource.clone(), log)?))
}

fn limits_with(config: &Config, delay: Duration) -> QueueLimits {
    let (queue, batch) = (config.queue_size, config.batch_size);
    QueueLimits { queue, bytes: config.max_queue_bytes, batch, chunk: batch, delay }
}

fn resource(config: &Config) -> Resource {
    match config.service() {
        Some(name) => Resource::builder().with_service_name(name).build(),
        None => Resource::builder().build(),
    }
}

/// A rate in code replaces the environment's sampler, which the builder has already read. It decides when a
/// trace begins: unsampled traces cost next to nothing, and the trace flags tell other processes.
fn sampler(builder: TracerProviderBuilder, config: &Config) -> TracerProviderBuilder {
    match config.sample_rate {
        Some(rate) => builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(rate)))),
        None => builder,
    }
}

impl Installation {
    fn end(self) {
        // In parallel, so that the whole takes no longer than the slowest part.
        thread::scope(|scope| {
            if let Some(meters) = &self.meters {
                let _ = thread::Builder::new().spawn_scoped(scope, || meters.shutdown());
            }
            if let Some(loggers) = &self.loggers {
                let _ = thread::Builder::new().spawn_scoped(scope, || loggers.shutdown());
            }
            let _ = self.provider.shutdown();
        });
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

/// Number of spans lost since the set-up because a queue was full.
pub fn dropped() -> u64 {
    parts().map_or(0, |(pipeline, _)| pipeline.dropped())
}

/// Waits until all ended spans are exported, and logs and metrics with them. Returns false on timeout.
pub fn flush(timeout: Duration) -> bool {
    let Some((pipeline, _)) = parts() else { return true };
    let done = pipeline.flush(timeout);
    let (meters, loggers) = match installed().as_ref() {
        Some(installation) => (installation.meters.clone(), installation.loggers.clone()),
        None => return done,
    };
    let logged = loggers.is_none_or(|loggers| loggers.force_flush().is_ok());
    // The SDK reports an empty export as an error, so the result means nothing.
    let _ = meters.map(|meters| meters.force_flush());
    done & logged
}

/// Exports what is left, ends the threads and closes the files. Takes at most five seconds; what is not
/// exported by then is lost. Afterwards nothing is recorded until something is set up again. A second call
/// does nothing.
pub fn shutdown() {
    let before = installed().take();
    if let Some(before) = before {
        set_default_recorder(Recorder::disabled());
        before.end();
    }
}

/// Whether something is set up.
fn is_installed() -> bool {
    installed().is_some()
}

fn parts() -> Option<(Pipeline, RingBuffer)> {
    installed().as_ref().map(|installation| (installation.pipeline.clone(), installation.ring.clone()))
}
