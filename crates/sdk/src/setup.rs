//! The doors: one set-up for the process, its default recorder, and its end.
//!
//! Not here: the exporters themselves (`export`), the thread they run on (`lane`).

use crate::{
    Exporter, FinishedSpan, Naming, Recorder, Redaction, default_recorder,
    export::{Lines, Otlp, Ring, variable},
    lane::Limits,
    pipeline::Pipeline,
    sample::Sampling,
    set_default_recorder,
    shape::shape,
};
use opentelemetry::{global::BoxedTracer, trace::noop::NoopTracer};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What to set up. [`Setup::new`] keeps the last 500 finished spans in memory, and does no more.
///
/// ```
/// use turnscope::{Setup, finished_spans, setup};
///
/// setup(Setup { testing: true, ..Setup::new("helpdesk") })?;
/// turnscope::run("helpdesk").end();
/// assert_eq!(finished_spans()[0].name, "invoke_agent helpdesk");
/// # Ok::<(), turnscope::SetupError>(())
/// ```
#[derive(Debug)]
pub struct Setup {
    /// The service's name; `OTEL_SERVICE_NAME` where it is empty.
    pub service_name: String,
    /// An OTLP/HTTP endpoint such as `http://localhost:4318`; `/v1/traces` is appended when it has no path.
    pub otlp_endpoint: Option<String>,
    /// A file to which each finished span is appended as one line of JSON.
    pub trace_file: Option<PathBuf>,
    /// Whether each finished span is written to stderr as JSON.
    pub console: bool,
    /// Only the ring: no endpoint, file, console or other exporter, whatever the other fields say.
    pub testing: bool,
    /// Exporters of the user's own.
    pub exporters: Vec<Box<dyn Exporter>>,
    /// How many finished spans [`finished_spans`] remembers.
    pub ring_capacity: usize,
    /// How spans are named.
    pub naming: Naming,
    /// Whether messages, arguments and results are recorded; by default what
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, else not.
    pub content: bool,
    /// What is replaced in every attribute before a span is remembered or exported.
    pub redaction: Redaction,
    /// Longer texts in attributes are cut, with a mark that bears their length; in bytes
    /// (`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, else 64 KiB).
    pub max_value_bytes: usize,
    /// The share of traces that is kept, from 0.0 to 1.0: a function of the trace id, so that processes agree.
    pub sample_rate: f64,
    /// Keeps only traces with an error in this process; their spans are held back until the trace's root ends.
    pub only_on_error: bool,
    /// How many spans wait for each exporter before new ones are dropped (`OTEL_BSP_MAX_QUEUE_SIZE`, else 2048).
    pub queue_size: usize,
    /// How many spans an exporter is given at once (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, else 512).
    pub batch_size: usize,
    /// How long a span waits for others (`OTEL_BSP_SCHEDULE_DELAY` in milliseconds, else 5 s).
    pub batch_timeout: Duration,
}

impl Setup {
    /// The defaults for the service `service_name`.
    pub fn new(service_name: impl Into<String>) -> Self {
        Self {
            service_name: service_name.into(),
            otlp_endpoint: None,
            trace_file: None,
            console: false,
            testing: false,
            exporters: Vec::new(),
            ring_capacity: 500,
            naming: Naming::default(),
            content: captures_content(),
            redaction: Redaction::default(),
            max_value_bytes: number(
                "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 64 * 1024),
            ),
            sample_rate: 1.0,
            only_on_error: false,
            queue_size: number("OTEL_BSP_MAX_QUEUE_SIZE", 2048),
            batch_size: number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
            batch_timeout: Duration::from_millis(number("OTEL_BSP_SCHEDULE_DELAY", 5000) as u64),
        }
    }
}

/// Why nothing was set up. What was set up before still stands then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The trace file cannot be written.
    #[error("cannot open the trace file {path}: {source}")]
    TraceFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The OTLP exporter cannot be made, for its endpoint or another setting.
    #[error("cannot export to the OTLP endpoint: {0}")]
    Otlp(Box<dyn std::error::Error + Send + Sync>),
    /// The rate is no share.
    #[error("sample_rate is {0}; it must be from 0.0 to 1.0")]
    SampleRate(f64),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// What stands in this process.
struct Standing {
    provider: SdkTracerProvider,
    pipeline: Pipeline,
    ring: Ring,
}

static STANDING: Mutex<Option<Standing>> = Mutex::new(None);

fn standing() -> MutexGuard<'static, Option<Standing>> {
    STANDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets up what [`run`](fn@crate::run) records to. What was set up before is drained and closed, and its ring forgotten.
///
/// # Errors
/// When a file, endpoint or thread cannot be had.
pub fn setup(setup: Setup) -> Result<(), SetupError> {
    let otlp = match &setup.otlp_endpoint {
        Some(endpoint) if !setup.testing => {
            Some(Otlp::to(endpoint, &resource(&setup)).map_err(SetupError::Otlp)?)
        }
        _ => None,
    };
    stand(setup, otlp)
}

/// Exports over OTLP (HTTP, unless `OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc`) as the environment says, and gives the tracer. Nothing is set up, and the tracer does nothing,
/// when `OTEL_SDK_DISABLED` is `true`, when no endpoint is set, or when what is set cannot be used (which is reported).
///
/// ```
/// let _tracer = turnscope::init_tracing("helpdesk");
/// turnscope::run("helpdesk").end();
/// turnscope::shutdown();
/// ```
pub fn init_tracing(service_name: &str) -> BoxedTracer {
    let name = env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let wanted = Setup::new(name.unwrap_or_else(|| service_name.to_owned()));
    if is_true("OTEL_SDK_DISABLED") || variable("ENDPOINT").is_none() {
        shutdown();
    } else {
        let otlp = Otlp::from_env(&resource(&wanted)).map_err(SetupError::Otlp);
        if let Err(error) = otlp.and_then(|otlp| stand(wanted, Some(otlp))) {
            let _ = writeln!(io::stderr(), "turnscope: nothing is traced: {error}");
        }
    }
    get_tracer()
}

/// The tracer behind the default recorder, for spans of any other kind; one that does nothing before anything is set up.
///
/// ```
/// use opentelemetry::trace::Tracer;
/// turnscope::get_tracer().in_span("anything", |_| ());
/// ```
pub fn get_tracer() -> BoxedTracer {
    match default_recorder().tracer() {
        Some(tracer) => BoxedTracer::new(Box::new(tracer)),
        None => BoxedTracer::new(Box::new(NoopTracer::new())),
    }
}

fn resource(setup: &Setup) -> Resource {
    let resource = Resource::builder();
    if setup.service_name.is_empty() {
        return resource.build();
    }
    resource.with_service_name(setup.service_name.clone()).build()
}

fn stand(mut setup: Setup, otlp: Option<Otlp>) -> Result<(), SetupError> {
    if !(0.0..=1.0).contains(&setup.sample_rate) {
        return Err(SetupError::SampleRate(setup.sample_rate));
    }
    let resource = resource(&setup);
    let mut exporters: Vec<Box<dyn Exporter>> = Vec::new();
    if !setup.testing {
        if let Some(path) = &setup.trace_file {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|source| SetupError::TraceFile { path: path.clone(), source })?;
            exporters.push(Box::new(Lines(file)));
        }
        if setup.console {
            exporters.push(Box::new(Lines(io::stderr())));
        }
        if let Some(otlp) = otlp {
            exporters.push(Box::new(otlp));
        }
        exporters.append(&mut setup.exporters);
    }
    let limits = Limits { queue: setup.queue_size, batch: setup.batch_size, delay: setup.batch_timeout };
    let ring = Ring::new(setup.ring_capacity);
    let sampling = Sampling::new(setup.sample_rate, setup.only_on_error);
    let shape = shape(setup.redaction, setup.max_value_bytes, sampling);
    let pipeline = Pipeline::start(limits, shape, ring.clone(), exporters)?;
    let provider =
        SdkTracerProvider::builder().with_span_processor(pipeline.clone()).with_resource(resource).build();
    let recorder = Recorder::new(&provider).with_naming(setup.naming).with_content(setup.content);
    let mut place = standing();
    set_default_recorder(recorder);
    let before = place.replace(Standing { provider, pipeline, ring });
    drop(place);
    if let Some(before) = before {
        before.end();
    }
    Ok(())
}

impl Standing {
    fn end(self) {
        let _ = self.provider.shutdown();
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

/// Waits until all spans that have ended are exported; false when that takes longer than `timeout`.
pub fn flush(timeout: Duration) -> bool {
    parts().is_none_or(|(pipeline, _)| pipeline.flush(timeout))
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

fn parts() -> Option<(Pipeline, Ring)> {
    standing().as_ref().map(|standing| (standing.pipeline.clone(), standing.ring.clone()))
}

fn is_true(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| value.eq_ignore_ascii_case("true"))
}

fn captures_content() -> bool {
    is_true("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")
}

/// The number that a variable holds, or the default where it holds none.
fn number(variable: &str, default: usize) -> usize {
    env::var(variable)
        .ok()
        .and_then(|value| value.parse().ok())
        .filter(|number| *number > 0)
        .unwrap_or(default)
}
