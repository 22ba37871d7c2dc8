//! What every step can do: attributes, errors, events. Below it: what only one kind of step can do (`run`,
//! `model_call`, `tool`, `retrieval`, `memory`), and beginning steps (`children`).

mod approval;
mod children;
mod guard;
mod memory;
mod model_call;
mod retrieval;
mod run;
mod tool;

pub use approval::Approval;
pub(crate) use guard::Guard;
pub use memory::{MemoryRead, MemoryWrite};
pub use model_call::{Embedding, LlmCall};
pub use retrieval::{Ingest, Retrieval};
pub use run::{Run, Turn};
pub use tool::{PolicyEvaluation, Sanitizer, ToolCall, Verdict};

use crate::{
    Naming, Recorder,
    metrics::Instruments,
    recorder::RecorderInner,
    run_attributes::RunAttributes,
    span_handle::{AmbientContext, RecordingContext, RunState, SpanHandle, on_span},
};
use opentelemetry::{
    Context, ContextGuard, Key, KeyValue, Value,
    trace::{FutureExt, Span as _, SpanContext, Status, TraceContextExt, WithContext},
};
use std::{any::type_name_of_val, borrow::Cow, error::Error, sync::Arc};

/// A handle to a step that is being recorded. A clone is another handle to the same step; dropping a handle
/// does not end the step.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// let turn = run.turn();
/// turn.set("ticket.id", 17).event("looked_up", [("found", true)]);
/// ```
#[derive(Clone, Debug)]
pub struct Step(SpanHandle);

impl Step {
    /// A step where nothing is recorded. OpenTelemetry's current span stays as it is.
    #[inline]
    pub(crate) fn disabled() -> Self {
        Self(SpanHandle::Disabled(AmbientContext::default()))
    }

    /// A handle to a recorder in a context, with new run state.
    pub(crate) fn at(recorder: &Recorder, context: &Context, attributes: RunAttributes) -> Self {
        if recorder.inner().is_none() {
            return Self(SpanHandle::Disabled(AmbientContext::explicit(context.clone())));
        }
        let run_state = Arc::new(RunState { recorder: recorder.clone(), attributes });
        Self::active(context.with_value(Arc::clone(&run_state)), run_state)
    }

    /// A handle to a recorder in a context, with the run state of that context if it belongs to the same
    /// recorder.
    pub(crate) fn inside(recorder: &Recorder, context: &Context) -> Self {
        match context.get::<Arc<RunState>>() {
            Some(run_state) if run_state.recorder.is(recorder) => {
                Self::active(context.clone(), Arc::clone(run_state))
            }
            _ => Self::at(recorder, context, RunAttributes::default()),
        }
    }

    fn active(context: Context, run_state: Arc<RunState>) -> Self {
        Self(SpanHandle::Active(Arc::new(RecordingContext { context, run_state })))
    }

    /// The parent of a new run below this step. It inherits the session and the user; what it sets itself
    /// does not affect this one.
    pub(crate) fn fork(&self) -> Self {
        match self.0.run_state() {
            None => self.clone(),
            Some(run_state) => Self::at(&run_state.recorder, self.context(), run_state.attributes.fork()),
        }
    }

    /// Sets any attribute.
    #[inline]
    pub fn set(&self, key: impl Into<Key>, value: impl Into<Value>) -> &Self {
        if !self.is_off() {
            self.put(KeyValue::new(key, value));
        }
        self
    }

    /// Does not ask whether the span is recording: each access takes its lock, and a span that is not
    /// recording ignores attributes.
    fn put(&self, attribute: KeyValue) {
        on_span!(self.0, |span| span.set_attribute(attribute));
    }

    /// Sets several attributes, taking the span's lock once.
    pub(crate) fn set_all(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        if !self.is_off() {
            on_span!(self.0, |span| span.set_attributes(attributes));
        }
    }

    /// Records a custom event.
    pub fn event<K, V>(
        &self,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> &Self
    where
        K: Into<Key>,
        V: Into<Value>,
    {
        if self.is_recording() {
            // Built before the span is locked: the caller's own code may run here.
            let attributes = attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
            let name = name.into();
            on_span!(self.0, |span| span.add_event(name, attributes));
        }
        self
    }

    /// Marks the step as failed: sets its status, sets `error.type` to the type of `error`, and records an
    /// exception event.
    pub fn error<E: Error + ?Sized>(&self, error: &E) -> &Self {
        if self.is_off() {
            return self;
        }
        self.fail(type_name_of_val(error).to_owned(), error.to_string())
    }

    /// Marks the step as failed with an error type of your own, such as a provider's code or `timeout`.
    pub fn fail(&self, kind: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> &Self {
        if self.is_off() {
            return self;
        }
        let (kind, message) = (kind.into(), message.into());
        self.exception(&kind, &message, true).set("error.type", kind);
        on_span!(self.0, |span| span.set_status(Status::error(message)));
        self
    }

    /// Records an error that the step recovered from: an exception event, without changing the status.
    pub fn warn(&self, kind: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> &Self {
        self.exception(&kind.into(), &message.into(), false)
    }

    fn exception(&self, kind: &str, message: &str, critical: bool) -> &Self {
        if self.is_off() {
            return self;
        }
        self.event(
            "exception",
            [
                ("exception.type", Value::from(kind.to_owned())),
                ("exception.message", Value::from(message.to_owned())),
                ("turnscope.error.critical", Value::from(critical)),
            ],
        )
    }

    /// Flags the step and its run, with a reason, for later review. [`TailRules`](crate::TailRules) keeps
    /// flagged traces.
    pub fn flag(&self, why: impl Into<Value>) -> &Self {
        self.set(crate::sample::FLAG, why)
    }

    /// Records an evaluation result: the event `gen_ai.evaluation.result` and the attribute
    /// `eval.score.NAME`.
    pub fn score(&self, name: &str, value: f64) -> &Self {
        if self.is_off() {
            return self;
        }
        self.event(
            "gen_ai.evaluation.result",
            [
                ("gen_ai.evaluation.name", Value::from(name.to_owned())),
                ("gen_ai.evaluation.score.value", Value::from(value)),
            ],
        );
        self.set(format!("eval.score.{name}"), value)
    }

    /// Whether recording is off altogether; then nothing may cost anything.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        matches!(self.0, SpanHandle::Disabled(_))
    }

    /// Whether anything is recorded. Check this before computing something costly.
    pub fn is_recording(&self) -> bool {
        !self.is_off() && on_span!(self.0, |span| span.is_recording())
    }

    /// Whether messages, arguments and results are recorded.
    pub fn captures_content(&self) -> bool {
        self.inner().is_some_and(|inner| inner.content) && self.is_recording()
    }

    /// The ids of the step's span.
    pub fn span_context(&self) -> SpanContext {
        on_span!(self.0, |span| span.span_context().clone())
    }

    /// The OpenTelemetry context in which this step is the active span; for propagation, and for other
    /// libraries' spans.
    pub fn context(&self) -> &Context {
        self.0.context()
    }

    /// Makes this step the current one on this thread until the guard is dropped. Do not hold the guard
    /// across an `.await`; use [`scope`](Self::scope) there.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let _entered = run.enter();
    /// turnscope::current().tool("lookup").set("rows", 3);
    /// ```
    pub fn enter(&self) -> ContextGuard {
        self.context().clone().attach()
    }

    /// Wraps a future so that this step is the current one whenever it is polled, on any thread.
    ///
    /// ```
    /// # async fn work() {}
    /// # async fn example() {
    /// let run = turnscope::run("helpdesk");
    /// run.scope(async {
    ///     let _tool = turnscope::current().tool("lookup");
    ///     work().await;
    /// })
    /// .await;
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> WithContext<F> {
        future.with_context(self.context().clone())
    }

    /// A handle to the same run in another context.
    pub(crate) fn with_context(&self, context: Context) -> Step {
        match self.0.run_state() {
            None => Self(SpanHandle::Disabled(AmbientContext::explicit(context))),
            Some(run_state) => Self::active(context, Arc::clone(run_state)),
        }
    }

    /// Sets an attribute on this step and on all steps of the run that begin later.
    pub(crate) fn share(&self, key: &'static str, value: Value) -> &Self {
        if let Some(run_state) = self.0.run_state() {
            run_state.attributes.set(key, value.clone());
        }
        self.set(key, value)
    }

    pub(crate) fn instruments(&self) -> Option<&Arc<Instruments>> {
        self.inner()?.instruments.as_ref()
    }

    pub(crate) fn inner(&self) -> Option<&RecorderInner> {
        self.0.run_state()?.recorder.inner()
    }

    /// Sets an attribute with content, if content capture is on.
    #[inline]
    pub(crate) fn content(&self, key: &'static str, value: impl FnOnce() -> String) -> &Self {
        if !self.is_off() && self.captures_content() { self.set(key, value()) } else { self }
    }

    #[inline]
    pub(crate) fn count(&self, key: &'static str, value: u64) -> &Self {
        self.set(key, i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(crate) fn is_agent_run(&self) -> bool {
        self.inner().is_some_and(|inner| inner.naming == Naming::AgentRun)
    }

    pub(crate) fn records_usage(&self) -> bool {
        self.inner().is_some_and(|inner| inner.token_usage)
    }

    /// A step that is not recorded itself: its children become children of this step.
    pub(crate) fn pass_through(&self) -> Self {
        // A remote span context ignores attributes and cannot be ended here.
        self.with_context(self.context().with_remote_span_context(self.span_context()))
    }

    #[inline]
    pub(crate) fn finish(&mut self) {
        if !self.is_off() {
            self.end_span();
        }
    }

    fn end_span(&mut self) {
        match self.0.unshared_mut() {
            Some(span) => span.end(),
            None => self.context().span().end(),
        }
    }

    /// Links the step's span to another.
    pub(crate) fn link(&self, to: SpanContext, attributes: Vec<KeyValue>) {
        if !self.is_off() {
            on_span!(self.0, |span| span.add_link(to, attributes));
        }
    }
}

guard::guard! {
    /// A step of any name.
    CustomStep
}

/// The innermost step that was entered here. Outside any run, a handle whose steps go to the default recorder
/// and belong to no run.
///
/// ```
/// turnscope::current().set("noted", true); // does nothing outside a run
/// ```
pub fn current() -> Step {
    Context::map_current(|context| match recorder_in(context) {
        Some(recorder) => Step::inside(&recorder, context),
        None => Step::inside(&crate::default_recorder(), context),
    })
}

/// The recorder of the run in a context.
pub(crate) fn recorder_in(context: &Context) -> Option<Recorder> {
    Some(context.get::<Arc<RunState>>()?.recorder.clone())
}
