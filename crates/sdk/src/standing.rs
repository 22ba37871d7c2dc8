//! What stands in this process: one set-up, its default recorder, and its end.
//!
//! Not here: what can be set up (`config`), the exporters themselves (`export`), the thread they run on (`lane`).

use crate::{
    Config, DataDirectory, Exporter, FinishedSpan, Recorder, SetupError,
    config::limits,
    default_recorder,
    export::{Console, OtlpExporter, Ring, log_exporter, meter_provider},
    file::FileExporter,
    lane::Limits,
    log::Log,
    log_records,
    pipeline::Pipeline,
    sample::Tail,
    set_default_recorder,
    shape::Shape,
    truncate::ValueLimits,
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

struct Standing {
    provider: SdkTracerProvider,
    meters: Option<SdkMeterProvider>,
    loggers: Option<SdkLoggerProvider>,
    pipeline: Pipeline,
    ring: Ring,
}

static STANDING: Mutex<Option<Standing>> = Mutex::new(None);

fn standing() -> MutexGuard<'static, Option<Standing>> {
    STANDING.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn install(mut config: Config) -> Result<(), SetupError> {
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
    let meters = meters(&config, &resource)?;
    let loggers = loggers(&config, &resource, &log)?;
    let queues = limits_with(&config, config.batch_timeout);
    let ring = Ring::new(config.ring_capacity);
    let builder = sampler(SdkTracerProvider::builder(), &config).with_resource(resource);
    let shape = Shape {
        redaction: config.redaction,
        limits: ValueLimits { most: config.max_value_bytes, by_key: config.value_limits },
        tail: config.sampler.map(|sampler| Tail::new(sampler, config.max_held_bytes)),
        #[cfg(feature = "object-store")]
        large: match config.content_store {
            Some(place) => Some(std::sync::Arc::new(crate::content_store::Uploads::start(place, &log)?)),
            None => None,
        },
        #[cfg(not(feature = "object-store"))]
        large: None,
    };
    let pipeline = Pipeline::start(queues, shape, ring.clone(), exporters, config.block_on_run_end, &log)?;
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
    let mut place = standing();
    set_default_recorder(recorder);
    let before = place.replace(Standing { provider, meters, loggers, pipeline, ring });
    drop(place);
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
        let file = FileExporter::open(path, config.compression, config.encryption_key.clone());
        let file = file.map_err(|source| SetupError::TraceFile { path: path.clone(), source })?;
        exporters.push(Box::new(file));
    }
    if config.console {
        exporters.push(Box::new(Console));
    }
    if let Some(otlp) = &config.otlp {
        let exporter = OtlpExporter::new(otlp, config.export_timeout, resource);
        exporters.push(Box::new(exporter.map_err(SetupError::Otlp)?));
    }
    if let Some(directory) = config.store.take() {
        exporters.push(store(directory, config, resource, log)?);
    }
    exporters.append(&mut config.exporters);
    Ok(exporters)
}

fn store(
    directory: DataDirectory,
    config: &Config,
    resource: &Resource,
    log: &Log,
) -> Result<Box<dyn Exporter>, SetupError> {
    directory.check()?;
    if config.encryption_key.is_some() {
        let allowed = "off, as a data directory cannot be encrypted yet (TRACE_ENCRYPTION_ENABLED)";
        return Err(SetupError::invalid("encryption", "on", allowed));
    }
    #[cfg(feature = "store")]
    return Ok(Box::new(crate::StoreExporter::with_log(directory, resource, log.clone())?));
    #[cfg(not(feature = "store"))]
    {
        let _ = (resource, log);
        let source = "the feature `store` of the crate `turnscope` is off".into();
        Err(SetupError::Store { path: directory.path, source })
    }
}

fn meters(config: &Config, resource: &Resource) -> Result<Option<SdkMeterProvider>, SetupError> {
    match &config.otlp {
        Some(otlp) if config.metrics => {
            meter_provider(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)
        }
        _ => Ok(None),
    }
}

fn loggers(config: &Config, resource: &Resource, log: &Log) -> Result<Option<SdkLoggerProvider>, SetupError> {
    let Some(otlp) = config.otlp.as_ref().filter(|_| config.logs) else { return Ok(None) };
    let exporter = log_exporter(otlp, config.export_timeout, resource).map_err(SetupError::Otlp)?;
    let Some(exporter) = exporter else { return Ok(None) };
    // A start that is told late is not worth telling.
    let delay = config.batch_timeout.min(Duration::from_millis(if config.live { 200 } else { 1000 }));
    let limits = limits_with(config, delay);
    Ok(Some(log_records::provider(limits, config.redaction.clone(), exporter, resource.clone(), log)?))
}

fn limits_with(config: &Config, delay: Duration) -> Limits {
    let (queue, batch) = (config.queue_size, config.batch_size);
    Limits { queue, bytes: config.max_queue_bytes, batch, chunk: batch, delay }
}

fn resource(config: &Config) -> Resource {
    match config.service() {
        Some(name) => Resource::builder().with_service_name(name).build(),
        None => Resource::builder().build(),
    }
}

/// A rate in code replaces the sampler of the environment, which the builder has read. Decided when a trace begins: what is
/// not kept costs next to nothing, and other processes are told in the trace's flags.
fn sampler(builder: TracerProviderBuilder, config: &Config) -> TracerProviderBuilder {
    match config.sample_rate {
        Some(rate) => builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(rate)))),
        None => builder,
    }
}

impl Standing {
    fn end(self) {
        // Side by side, so that all of it takes no longer than the longest.
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

/// The tracer behind the default recorder, for spans of any other kind; one that does nothing before anything is set up.
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

/// The last finished spans, the oldest first; empty before anything is set up.
pub fn finished_spans() -> Vec<FinishedSpan> {
    let Some((pipeline, ring)) = parts() else { return Vec::new() };
    pipeline.settle();
    ring.spans()
}

/// How many spans were lost since the set-up because a queue was full.
pub fn dropped() -> u64 {
    parts().map_or(0, |(pipeline, _)| pipeline.dropped())
}

/// Waits until all spans that have ended are exported, and logs and metrics with them; false when that takes longer than
/// `timeout`.
pub fn flush(timeout: Duration) -> bool {
    let Some((pipeline, _)) = parts() else { return true };
    let done = pipeline.flush(timeout);
    let (meters, loggers) = match standing().as_ref() {
        Some(standing) => (standing.meters.clone(), standing.loggers.clone()),
        None => return done,
    };
    let logged = loggers.is_none_or(|loggers| loggers.force_flush().is_ok());
    // The SDK skips an export with nothing in it, and says so as if it were an error.
    let _ = meters.map(|meters| meters.force_flush());
    done & logged
}

/// Exports what is there, ends the threads and closes the files: within five seconds, or what is left is lost. Afterwards
/// nothing is recorded until something is set up again; a second call does nothing.
pub fn shutdown() {
    let before = standing().take();
    if let Some(before) = before {
        set_default_recorder(Recorder::disabled());
        before.end();
    }
}

/// Whether anything is set up.
pub(crate) fn is_standing() -> bool {
    standing().is_some()
}

fn parts() -> Option<(Pipeline, Ring)> {
    standing().as_ref().map(|standing| (standing.pipeline.clone(), standing.ring.clone()))
}
