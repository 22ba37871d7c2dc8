//! What records: a tracer and how to name and fill its spans.
//!
//! Not here: exporters (`setup`), and the default instance (`lib`).

use crate::{Run, Step, metrics::Instruments, shared::Shared, tracer::Tracer};
use opentelemetry::{Context, global::BoxedTracer, logs::LoggerProvider, metrics::Meter};
use opentelemetry_sdk::{
    logs::{SdkLogger, SdkLoggerProvider},
    trace::SdkTracerProvider,
};
use std::{borrow::Cow, fmt, sync::Arc};

/// How spans are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Naming {
    /// The GenAI semantic conventions: `invoke_agent NAME`, `agent_step`, `execute_tool NAME`.
    #[default]
    Semconv,
    /// `agent.run` → `agent.turn` → `tool.call`, with `agent.runner`, `turn.index`, `tool.name`, `tool.server`.
    AgentRun,
}

/// Records runs through one OpenTelemetry tracer. Cheap to clone; [`Recorder::disabled`] records nothing.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use turnscope::{Naming, Recorder};
///
/// let provider = SdkTracerProvider::builder().build();
/// let recorder = Recorder::new(&provider).with_naming(Naming::AgentRun).with_content(true);
/// let run = recorder.run("helpdesk");
/// assert!(run.is_recording());
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Option<Arc<Means>>);

/// What an enabled recorder records with.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) tracer: Tracer,
    pub(crate) naming: Naming,
    pub(crate) content: bool,
    pub(crate) tool_calls: bool,
    pub(crate) token_usage: bool,
    pub(crate) instruments: Option<Arc<Instruments>>,
    pub(crate) logger: Option<SdkLogger>,
    pub(crate) live: bool,
}

impl Recorder {
    /// Records through `provider`, named after the conventions, without the contents of messages.
    pub fn new(provider: &SdkTracerProvider) -> Self {
        Self::through(Tracer::of(provider))
    }

    /// Records through the provider that the application has set as OpenTelemetry's global one; none where it has set none. It
    /// must be one of the version of OpenTelemetry that this crate has, as each has a global of its own.
    ///
    /// ```
    /// use opentelemetry::global::set_tracer_provider;
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    /// use turnscope::Recorder;
    ///
    /// set_tracer_provider(SdkTracerProvider::builder().build());
    /// let recorder = Recorder::through_global().expect("there is one");
    /// assert!(recorder.run("helpdesk").is_recording());
    /// ```
    pub fn through_global() -> Option<Self> {
        Tracer::global().map(Self::through)
    }

    fn through(tracer: Tracer) -> Self {
        let means = Means {
            tracer,
            naming: Naming::default(),
            content: false,
            tool_calls: true,
            token_usage: true,
            instruments: None,
            logger: None,
            live: false,
        };
        Self(Some(Arc::new(means)))
    }

    /// Records nothing: every call returns at once.
    pub const fn disabled() -> Self {
        Self(None)
    }

    /// The same recorder with another way of naming spans.
    #[must_use]
    pub fn with_naming(self, naming: Naming) -> Self {
        self.with(|means| means.naming = naming)
    }

    /// Whether messages, arguments, results, queries and documents are recorded; off unless set.
    #[must_use]
    pub fn with_content(self, content: bool) -> Self {
        self.with(|means| means.content = content)
    }

    /// Whether calls of tools are recorded, as they are unless this is set; where not, what they hold stands directly below
    /// their turn.
    #[must_use]
    pub fn with_tool_calls(self, tool_calls: bool) -> Self {
        self.with(|means| means.tool_calls = tool_calls)
    }

    /// Whether the tokens that calls of models used are recorded, as they are unless this is set.
    #[must_use]
    pub fn with_token_usage(self, token_usage: bool) -> Self {
        self.with(|means| means.token_usage = token_usage)
    }

    /// Measures calls of models and turns with instruments of `meter`: `gen_ai.client.token.usage`,
    /// `gen_ai.client.operation.duration` and `gen_ai.client.operation.time_to_first_chunk`, `llm.requests.count`,
    /// `llm.errors.count`, `llm.latency.ms`, `llm.tokens.input`, and `agent.active_turns`. What sampling leaves out is measured
    /// too.
    ///
    /// ```
    /// use opentelemetry::metrics::MeterProvider;
    /// use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
    /// use turnscope::Recorder;
    ///
    /// let meters = SdkMeterProvider::builder().build();
    /// let provider = SdkTracerProvider::builder().build();
    /// let recorder = Recorder::new(&provider).with_meter(&meters.meter("turnscope"));
    /// recorder.run("helpdesk").turn().llm("openai", "gpt-5-mini").end();
    /// ```
    #[must_use]
    pub fn with_meter(self, meter: &Meter) -> Self {
        self.with(|means| means.instruments = Some(Arc::new(Instruments::new(meter))))
    }

    /// Logs to `loggers`: what [`with_live`](Self::with_live) announces, and what the layer for `tracing` hears.
    #[must_use]
    pub fn with_loggers(self, loggers: &SdkLoggerProvider) -> Self {
        self.with(|means| means.logger = Some(loggers.logger("turnscope")))
    }

    /// Whether each step is announced when it starts, by the log event `turnscope.step.started`: so an agent that is stuck can
    /// be seen while it is stuck. Off unless set, and without [loggers](Self::with_loggers).
    ///
    /// ```
    /// use opentelemetry_sdk::{logs::SdkLoggerProvider, trace::SdkTracerProvider};
    /// use turnscope::Recorder;
    ///
    /// let loggers = SdkLoggerProvider::builder().build();
    /// let provider = SdkTracerProvider::builder().build();
    /// let run = Recorder::new(&provider).with_loggers(&loggers).with_live(true).run("helpdesk");
    /// ```
    #[must_use]
    pub fn with_live(self, live: bool) -> Self {
        self.with(|means| means.live = live)
    }

    fn with(mut self, change: impl FnOnce(&mut Means)) -> Self {
        if let Some(means) = &mut self.0 {
            change(Arc::make_mut(means));
        }
        self
    }

    /// Begins a run of the agent `name`, below the OpenTelemetry span that is active here, if there is one.
    pub fn run(&self, name: impl Into<Cow<'static, str>>) -> Run {
        self.here().run(name)
    }

    /// A place below which steps can be recorded without a run: in a context that came from another process, say.
    pub fn below(&self, context: &Context) -> Step {
        Step::at(self, context, Shared::default())
    }

    /// The place that is active here, for this recorder.
    fn here(&self) -> Step {
        match &self.0 {
            None => Step::off(),
            Some(_) => Context::map_current(|context| Step::inside(self, context)),
        }
    }

    pub(crate) fn means(&self) -> Option<&Means> {
        self.0.as_deref()
    }

    pub(crate) fn tracer(&self) -> Option<BoxedTracer> {
        self.means().map(|means| means.tracer.boxed())
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Recorder");
        out.field("enabled", &self.0.is_some());
        if let Some(means) = &self.0 {
            out.field("naming", &means.naming).field("content", &means.content);
        }
        out.finish()
    }
}
