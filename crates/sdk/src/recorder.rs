//! A recorder: a tracer, and how to name and fill its spans.
//!
//! Not here: exporters (`config`), the default recorder (`lib`), and beginning steps (`step::children`).

use crate::{LogLevel, log::Log, metrics::Instruments, tracer::Tracer, truncate::ValueLimits};
use opentelemetry::{global::BoxedTracer, logs::LoggerProvider, metrics::Meter};
use opentelemetry_sdk::{
    logs::{SdkLogger, SdkLoggerProvider},
    trace::SdkTracerProvider,
};
use std::{
    fmt, process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// The forked process that has been told that it does not record.
static SAID_IN: AtomicU32 = AtomicU32::new(0);

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

/// Records runs through one OpenTelemetry tracer. Cheap to clone. [`Recorder::disabled`] records nothing.
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
pub struct Recorder(Option<Arc<RecorderInner>>);

/// Settings and instruments of an enabled recorder.
#[derive(Clone)]
pub(crate) struct RecorderInner {
    pub(crate) tracer: Tracer,
    pub(crate) naming: Naming,
    pub(crate) content: bool,
    pub(crate) tool_calls: bool,
    pub(crate) token_usage: bool,
    pub(crate) instruments: Option<Arc<Instruments>>,
    pub(crate) logger: Option<SdkLogger>,
    pub(crate) live: bool,
    /// What is cut off from values before they are queued; `None` for an application's own provider.
    pub(crate) early_limits: Option<Arc<ValueLimits>>,
    /// The process that exports, and where to say that this is another one.
    process: Option<(u32, Log)>,
}

impl Recorder {
    /// Records through `provider`, with semantic convention names and without message contents.
    pub fn new(provider: &SdkTracerProvider) -> Self {
        Self::through(Tracer::of(provider))
    }

    /// Records through OpenTelemetry's global provider, or returns `None` if the application has set none.
    /// Each version of OpenTelemetry has a global of its own, so the application must use the same version as
    /// this crate.
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
        let inner = RecorderInner {
            tracer,
            naming: Naming::default(),
            content: false,
            tool_calls: true,
            token_usage: true,
            instruments: None,
            logger: None,
            live: false,
            early_limits: None,
            process: None,
        };
        Self(Some(Arc::new(inner)))
    }

    /// A recorder that records nothing: every call returns at once.
    pub const fn disabled() -> Self {
        Self(None)
    }

    /// Sets how spans are named.
    #[must_use]
    pub fn with_naming(self, naming: Naming) -> Self {
        self.with(|inner| inner.naming = naming)
    }

    /// Whether to record messages, arguments, results, queries and documents. Default: false.
    #[must_use]
    pub fn with_content(self, content: bool) -> Self {
        self.with(|inner| inner.content = content)
    }

    /// Whether to record tool calls. Default: true. If false, whatever a tool call contains becomes a child
    /// of the turn.
    #[must_use]
    pub fn with_tool_calls(self, tool_calls: bool) -> Self {
        self.with(|inner| inner.tool_calls = tool_calls)
    }

    /// Whether to record token usage. Default: true.
    #[must_use]
    pub fn with_token_usage(self, token_usage: bool) -> Self {
        self.with(|inner| inner.token_usage = token_usage)
    }

    /// Measures model calls and turns with instruments of `meter`: `gen_ai.client.token.usage`,
    /// `gen_ai.client.operation.duration` and `gen_ai.client.operation.time_to_first_chunk`,
    /// `llm.requests.count`, `llm.errors.count`, `llm.latency.ms`, `llm.tokens.input`, and
    /// `agent.active_turns`. Unsampled traces are measured too.
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
        self.with(|inner| inner.instruments = Some(Arc::new(Instruments::new(meter))))
    }

    /// Sends log records to `loggers`: step announcements ([`with_live`](Self::with_live)) and the events of
    /// the `tracing` layer.
    #[must_use]
    pub fn with_loggers(self, loggers: &SdkLoggerProvider) -> Self {
        self.with(|inner| inner.logger = Some(loggers.logger("turnscope")))
    }

    /// Whether to announce each step when it starts, with the log event `turnscope.step.started`, so that a
    /// stuck agent can be seen while it is stuck. Default: false. Needs [loggers](Self::with_loggers).
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
        self.with(|inner| inner.live = live)
    }

    /// Cuts values before they are queued, and stops in a forked process.
    pub(crate) fn of_this_process(self, limits: ValueLimits, log: &Log) -> Self {
        self.with(|inner| {
            inner.early_limits = Some(Arc::new(limits));
            inner.process = Some((process::id(), log.clone()));
        })
    }

    /// Whether this process was forked from the one that exports: threads do not survive that. Says so once.
    pub(crate) fn is_forked(&self) -> bool {
        let Some((exporting, log)) = self.inner().and_then(|inner| inner.process.as_ref()) else {
            return false;
        };
        let own = process::id();
        if own == *exporting {
            return false;
        }
        if SAID_IN.swap(own, Ordering::Relaxed) != own {
            log.write(LogLevel::Warning, || {
                format!("nothing is recorded in process {own}, a fork of {exporting}: set recording up again in it")
            });
        }
        true
    }

    fn with(mut self, change: impl FnOnce(&mut RecorderInner)) -> Self {
        if let Some(inner) = &mut self.0 {
            change(Arc::make_mut(inner));
        }
        self
    }

    pub(crate) fn inner(&self) -> Option<&RecorderInner> {
        self.0.as_deref()
    }

    pub(crate) fn tracer(&self) -> Option<BoxedTracer> {
        self.inner().map(|inner| inner.tracer.boxed())
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
        if let Some(inner) = &self.0 {
            out.field("naming", &inner.naming).field("content", &inner.content);
        }
        out.finish()
    }
}
