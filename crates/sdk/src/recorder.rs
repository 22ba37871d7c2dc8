//! What records: a tracer and how to name and fill its spans.
//!
//! Not here: exporters (`setup`), and the default instance (`lib`).

use crate::{Run, Step};
use opentelemetry::{Context, trace::TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::{borrow::Cow, fmt};

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
pub struct Recorder {
    pub(crate) tracer: Option<SdkTracer>,
    pub(crate) naming: Naming,
    pub(crate) content: bool,
}

impl Recorder {
    /// Records through `provider`, named after the conventions, without the contents of messages.
    pub fn new(provider: &SdkTracerProvider) -> Self {
        Self { tracer: Some(provider.tracer("turnscope")), ..Self::default() }
    }

    /// Records nothing: every call returns at once.
    pub fn disabled() -> Self {
        Self::default()
    }

    /// The same recorder with another way of naming spans.
    #[must_use]
    pub fn with_naming(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// Whether messages, arguments, results, queries and documents are recorded; off unless set.
    #[must_use]
    pub fn with_content(self, content: bool) -> Self {
        Self { content, ..self }
    }

    /// Begins a run of the agent `name`, below the OpenTelemetry span that is active here, if there is one.
    pub fn run(&self, name: impl Into<Cow<'static, str>>) -> Run {
        Run::begin(&self.below(Context::current()), name.into())
    }

    /// A place below which steps can be recorded without a run: in a context that came from another process, say.
    pub fn below(&self, context: Context) -> Step {
        Step { context, recorder: self.clone() }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("enabled", &self.tracer.is_some())
            .field("naming", &self.naming)
            .field("content", &self.content)
            .finish()
    }
}
