//! Support for `tracing` (feature `tracing`): its spans become steps of the current run, and its events carry
//! the step's ids, in formatted logs and over OTLP.
//!
//! ```
//! use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};
//!
//! tracing_subscriber::registry()
//!     .with(turnscope::tracing_layers::spans())
//!     .with(turnscope::tracing_layers::logs())
//!     .with(fmt::layer().event_format(turnscope::tracing_layers::WithIds::text(fmt::format())))
//!     .init();
//!
//! let run = turnscope::run("helpdesk");
//! let _entered = run.enter();
//! let _span = ::tracing::info_span!("look_up", order = 17).entered(); // a step of the run
//! turnscope::current().tool("lookup").end(); // below that step
//! ::tracing::info!("found it"); // trace_id=… span_id=… INFO found it
//! ```
//!
//! Put a filter such as `LevelFilter::INFO` before them to keep out detailed spans and events of libraries,
//! OpenTelemetry included.
//!
//! Both layers follow the current set-up, also when it changes. Spans outside any run are not recorded.

use crate::{Recorder, step};
use opentelemetry::{
    Context, InstrumentationScope,
    global::{BoxedSpan, BoxedTracer},
    logs::{Logger, LoggerProvider, Severity},
    trace::{SpanBuilder, TraceContextExt, Tracer, noop::NoopTracer},
};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider};
use std::fmt;
use tracing_core::{Event, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer,
    filter::dynamic_filter_fn,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// A layer that records spans as steps of the run that is current when they begin. Steps begun inside a span
/// become its children. Events are not attached to their spans; use [`logs`] for them.
pub fn spans<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryLayer::new(RunTracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(dynamic_filter_fn(|metadata, _| metadata.is_span() && is_in_run()))
}

/// A layer that sends events over OTLP as log records, with the ids of the current step. They go to the
/// current run's recorder, or to the default one, and are redacted like everything else.
pub fn logs<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryTracingBridge::new(&ActiveLoggerProvider)
}

/// Spans outside a run are not begun at all: even a no-op span would be in the context, and a run below it
/// would not be sampled.
fn is_in_run() -> bool {
    Context::map_current(|context| step::recorder_in(context).is_some())
}

/// Creates spans with the tracer of the run in which they are made.
struct RunTracer;

impl Tracer for RunTracer {
    type Span = BoxedSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> BoxedSpan {
        match step::recorder_in(parent).as_ref().and_then(Recorder::tracer) {
            Some(tracer) => tracer.build_with_context(builder, parent),
            None => BoxedTracer::new(Box::new(NoopTracer::new())).build_with_context(builder, parent),
        }
    }
}

/// Logs to the recorder that is current when an event occurs.
struct ActiveLoggerProvider;

struct ActiveLogger {
    /// Used only to create records: the SDK offers no other way.
    record_factory: SdkLogger,
}

fn active_logger() -> Option<SdkLogger> {
    let recorder = Context::map_current(step::recorder_in).unwrap_or_else(crate::default_recorder);
    recorder.inner()?.logger.clone()
}

impl LoggerProvider for ActiveLoggerProvider {
    type Logger = ActiveLogger;

    fn logger_with_scope(&self, scope: InstrumentationScope) -> ActiveLogger {
        ActiveLogger { record_factory: SdkLoggerProvider::builder().build().logger_with_scope(scope) }
    }
}

impl Logger for ActiveLogger {
    type LogRecord = SdkLogRecord;

    fn create_log_record(&self) -> SdkLogRecord {
        self.record_factory.create_log_record()
    }

    fn emit(&self, record: SdkLogRecord) {
        if let Some(logger) = active_logger() {
            logger.emit(record);
        }
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        active_logger().is_some_and(|logger| logger.event_enabled(level, target, name))
    }
}

/// An event format that adds `trace_id` and `span_id` to another format's output inside a step.
///
/// ```
/// use tracing_subscriber::fmt;
/// use turnscope::tracing_layers::WithIds;
///
/// let text = fmt::layer::<tracing_subscriber::Registry>().event_format(WithIds::text(fmt::format()));
/// let json = fmt::layer::<tracing_subscriber::Registry>()
///     .json()
///     .event_format(WithIds::json(fmt::format().json()));
/// # drop((text, json));
/// ```
#[derive(Clone, Debug)]
pub struct WithIds<F> {
    format: F,
    json: bool,
}

impl<F> WithIds<F> {
    /// Prefixes a line of text with `trace_id=… span_id=… `.
    pub fn text(format: F) -> Self {
        Self { format, json: false }
    }

    /// Adds the ids as the first members of a JSON object.
    pub fn json(format: F) -> Self {
        Self { format, json: true }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithIds<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let ids = Context::map_current(|context| context.span().span_context().clone());
        if !ids.is_valid() {
            return self.format.format_event(context, writer, event);
        }
        let (trace, span) = (ids.trace_id(), ids.span_id());
        if !self.json {
            write!(writer, "trace_id={trace} span_id={span} ")?;
            return self.format.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        match line.strip_prefix('{') {
            Some(rest) => write!(writer, r#"{{"trace_id":"{trace}","span_id":"{span}",{rest}"#),
            None => writer.write_str(&line),
        }
    }
}
