//! For programs that use `tracing` (feature `tracing`): its spans join the run that is active, and its events know where they
//! happened, in formatted logs and over OTLP.
//!
//! ```
//! use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};
//!
//! tracing_subscriber::registry()
//!     .with(turnscope::tracing::spans())
//!     .with(turnscope::tracing::logs())
//!     .with(fmt::layer().event_format(turnscope::tracing::WithIds::text(fmt::format())))
//!     .init();
//!
//! let run = turnscope::run("helpdesk");
//! let _entered = run.enter();
//! let _span = ::tracing::info_span!("look_up", order = 17).entered(); // a step of the run
//! turnscope::current().tool("lookup").end(); // below that step
//! ::tracing::info!("found it"); // trace_id=… span_id=… INFO found it
//! ```
//!
//! A filter before them, such as `LevelFilter::INFO`, keeps out what libraries say in detail, OpenTelemetry's own among them.
//!
//! Both layers follow what is set up at the time, and stay when something else is set up. Spans outside any run are not
//! recorded.

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

/// A layer that makes spans steps of the run that is active where they are made; what is recorded inside a span stands below
/// it. Its events are not made events of its span: that is what [`logs`] is for.
pub fn spans<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryLayer::new(Joining)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(dynamic_filter_fn(|metadata, _| metadata.is_span() && is_in_run()))
}

/// A layer that sends events over OTLP as log records, with the ids of the step in which they happen: to where the active
/// run's recorder sends, else the default one; redacted like everything that is sent.
pub fn logs<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryTracingBridge::new(&Following)
}

/// A span that does nothing would stand in the context all the same, and a run below it would not be sampled: so spans outside
/// a run are not even begun.
fn is_in_run() -> bool {
    Context::map_current(|context| step::recorder_in(context).is_some())
}

/// Makes spans with the tracer of the run in which they are made.
struct Joining;

impl Tracer for Joining {
    type Span = BoxedSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> BoxedSpan {
        match step::recorder_in(parent).as_ref().and_then(Recorder::tracer) {
            Some(tracer) => tracer.build_with_context(builder, parent),
            None => BoxedTracer::new(Box::new(NoopTracer::new())).build_with_context(builder, parent),
        }
    }
}

/// Logs to the logger of the recorder that is active when something is logged.
struct Following;

struct FollowingLogger {
    /// Makes records; the SDK gives no other way.
    blank: SdkLogger,
}

fn active_logger() -> Option<SdkLogger> {
    let recorder = Context::map_current(step::recorder_in).unwrap_or_else(crate::default_recorder);
    recorder.means()?.logger.clone()
}

impl LoggerProvider for Following {
    type Logger = FollowingLogger;

    fn logger_with_scope(&self, scope: InstrumentationScope) -> FollowingLogger {
        FollowingLogger { blank: SdkLoggerProvider::builder().build().logger_with_scope(scope) }
    }
}

impl Logger for FollowingLogger {
    type LogRecord = SdkLogRecord;

    fn create_log_record(&self) -> SdkLogRecord {
        self.blank.create_log_record()
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

/// An event format that puts `trace_id` and `span_id` before what another format writes, where an event happens in a step.
///
/// ```
/// use tracing_subscriber::fmt;
/// use turnscope::tracing::WithIds;
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
    /// Before a line of text: `trace_id=… span_id=… `.
    pub fn text(format: F) -> Self {
        Self { format, json: false }
    }

    /// As the first members of a JSON object.
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
