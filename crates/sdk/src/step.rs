//! What every step can do: attributes, errors, events. Below it: what only one kind of step can do (`run`,
//! `model_call`, `tool`, `retrieval`, `memory`), and beginning steps (`children`).

mod approval;
mod children;
mod error;
mod guard;
mod memory;
mod model_call;
mod retrieval;
mod run;
mod scope;
mod tool;

pub use approval::Approval;
pub use error::{AnyError, ByItself, ByPointer, ErrorObject};
pub(crate) use guard::Guard;
pub use memory::{MemoryRead, MemoryWrite};
pub use model_call::{Embedding, LlmCall};
pub use retrieval::{Ingest, Retrieval};
pub use run::{Run, Turn};
pub use scope::Scope;
pub use tool::{PolicyEvaluation, Sanitizer, ToolCall, Verdict};

use crate::{
    AttributeValue, Naming, Recorder,
    metrics::Instruments,
    outcome,
    recorder::RecorderInner,
    run_attributes::RunAttributes,
    span_handle::{AmbientContext, RecordingContext, RunState, SpanHandle, on_span},
    truncate::ValueLimits,
};
use opentelemetry::{
    Context, ContextGuard, KeyValue, SpanId, Value,
    trace::{Span as _, SpanContext, Status, TraceContextExt},
};
use serde::Serialize;
use std::{borrow::Cow, sync::Arc, time::SystemTime};

/// When the children of a span begin, in the context of [`Step::starting_at`].
#[derive(Clone, Copy, Debug)]
struct StartTime {
    of_children_of: SpanId,
    time: SystemTime,
}

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
        Self(SpanHandle::Active(Arc::new(RecordingContext::new(context, run_state))))
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
    pub fn set(&self, key: impl Into<Cow<'static, str>>, value: impl AttributeValue) -> &Self {
        if !self.is_off()
            && let Some(value) = value.into_value()
        {
            self.put(KeyValue::new(key.into(), value));
        }
        self
    }

    /// Does not ask whether the span is recording: each access takes its lock, and a span that is not
    /// recording ignores attributes.
    fn put(&self, mut attribute: KeyValue) {
        self.cut(&mut attribute);
        self.put_as_it_is(attribute);
    }

    fn put_as_it_is(&self, attribute: KeyValue) {
        self.0.goes_on();
        on_span!(self.0, |span| span.set_attribute(attribute));
    }

    /// Sets several attributes, taking the span's lock once.
    pub(crate) fn set_all(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        if !self.is_off() {
            let limits = self.early_limits();
            let attributes = attributes.into_iter().map(|mut attribute| {
                if let Some(limits) = limits {
                    limits.cut(&mut attribute);
                }
                attribute
            });
            self.0.goes_on();
            on_span!(self.0, |span| span.set_attributes(attributes));
        }
    }

    /// Cuts what is too long to be queued.
    #[inline]
    fn cut(&self, attribute: &mut KeyValue) {
        if let Some(limits) = self.early_limits() {
            limits.cut(attribute);
        }
    }

    fn early_limits(&self) -> Option<&ValueLimits> {
        self.inner()?.early_limits.as_deref()
    }

    /// Records a custom event.
    pub fn event<K, V>(
        &self,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> &Self
    where
        K: Into<Cow<'static, str>>,
        V: AttributeValue,
    {
        if self.is_recording() {
            // Built before the span is locked: the caller's own code may run here.
            let attributes = attributes.into_iter().filter_map(|(key, value)| {
                let mut attribute = KeyValue::new(key.into(), value.into_value()?);
                self.cut(&mut attribute);
                Some(attribute)
            });
            let (attributes, name) = (attributes.collect(), name.into());
            self.0.goes_on();
            on_span!(self.0, |span| span.add_event(name, attributes));
        }
        self
    }

    /// Marks the step as failed: sets its status and `error.type`, and records an exception event. The message
    /// includes the causes. Takes anything that implements `Error`, `dyn Error`, boxes and `anyhow::Error`.
    pub fn error<How>(&self, error: &(impl AnyError<How> + ?Sized)) -> &Self {
        if self.is_off() { self } else { self.fail(error.type_of(), error.full_message()) }
    }

    /// Like [`error`](Self::error), with an error type of your own.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let error: Box<dyn std::error::Error> = "no answer within 30 s".into();
    /// run.tool("lookup").error_as("timeout", &error);
    /// ```
    pub fn error_as<How>(
        &self,
        kind: impl Into<Cow<'static, str>>,
        error: &(impl AnyError<How> + ?Sized),
    ) -> &Self {
        if self.is_off() { self } else { self.fail(kind, error.full_message()) }
    }

    /// Marks the step as failed with an error type of your own, such as a provider's code or `timeout`.
    pub fn fail(&self, kind: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> &Self {
        if self.is_off() {
            return self;
        }
        let (kind, message) = (kind.into(), message.into());
        let cut = self.early_limits().and_then(|limits| limits.cut_text("status", &message));
        let message = cut.map_or(message, Cow::Owned);
        self.exception(&kind, &message, true).set("error.type", kind);
        on_span!(self.0, |span| span.set_status(Status::error(message)));
        self.0.note(outcome::FAILED);
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
    pub fn flag(&self, why: impl AttributeValue) -> &Self {
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

    /// Wraps a future so that this step is the current one whenever it is polled, on any thread. If the future is
    /// dropped before it is done (`select!`, a timeout, `abort`), this step and all those that end with it have the
    /// status `cancelled`, unless something else is recorded on them.
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
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(self, future)
    }

    /// Wraps a function so that this step is the current one in it, on whichever thread it runs: for threads and
    /// `spawn_blocking`.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let work = run.wrap(|| turnscope::current().tool("lookup").end());
    /// std::thread::spawn(work).join().unwrap();
    /// ```
    pub fn wrap<T, F: FnOnce() -> T>(&self, work: F) -> impl FnOnce() -> T + use<T, F> {
        let context = self.context().clone();
        move || {
            let _entered = context.attach();
            work()
        }
    }

    /// A handle below which the next steps begin at `time`, for what is recorded afterwards; end them with
    /// `end_at`. Steps below those begin when they are begun.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// let run = turnscope::run("helpdesk");
    /// let began = SystemTime::now() - Duration::from_secs(3);
    /// run.starting_at(began).tool("lookup").end_at(began + Duration::from_secs(2));
    /// ```
    #[must_use]
    pub fn starting_at(&self, time: SystemTime) -> Step {
        let start = StartTime { of_children_of: self.span_context().span_id(), time };
        self.with_context(self.context().with_value(start))
    }

    /// The work was given up; the step is cancelled unless something is recorded on it later.
    pub(crate) fn was_dropped(&self) {
        self.note(outcome::CANCELLED);
    }

    /// Notes something of the step's end, for whoever ends it.
    pub(crate) fn note(&self, bit: u8) {
        self.0.note(bit);
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

    /// Sets an attribute to the JSON of a content, if content capture is on.
    #[inline]
    pub(crate) fn json<T: Serialize + ?Sized>(&self, key: &'static str, content: &T) {
        if !self.is_off() && self.captures_content() {
            let json = match self.early_limits() {
                Some(limits) => limits.json(key, content),
                None => crate::json_text(content),
            };
            self.put_as_it_is(KeyValue::new(key, json));
        }
    }

    /// Sets an attribute to a content, if content capture is on.
    #[inline]
    pub(crate) fn text(&self, key: &'static str, content: &str) {
        if !self.is_off() && self.captures_content() {
            let cut = self.early_limits().and_then(|limits| limits.cut_text(key, content));
            self.put_as_it_is(KeyValue::new(key, cut.unwrap_or_else(|| content.to_owned())));
        }
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

    /// Ends the step, unless it has ended. Returns how, if nobody had said so and it was not well.
    #[inline]
    pub(crate) fn finish(&self, is_unanswered: bool, at: Option<SystemTime>) -> Option<&'static str> {
        if self.is_off() {
            return None;
        }
        let error = self.settle(is_unanswered)?;
        match at.or_else(|| self.0.end_time()) {
            Some(time) => on_span!(self.0, |span| span.end_with_timestamp(time)),
            None => on_span!(self.0, |span| span.end()),
        }
        error
    }

    /// Like [`finish`](Self::finish), for a guard that is dropped; it takes no lock.
    #[inline]
    pub(crate) fn finish_dropped(&mut self, is_unanswered: bool) -> Option<&'static str> {
        if self.is_off() {
            return None;
        }
        let error = self.settle(is_unanswered)?;
        let time = self.0.end_time();
        match (self.0.unshared_mut(), time) {
            (Some(span), Some(time)) => span.end_with_timestamp(time),
            (Some(span), None) => span.end(),
            (None, Some(time)) => self.context().span().end_with_timestamp(time),
            (None, None) => self.context().span().end(),
        }
        error
    }

    /// Records how the step came to its end, if nobody has. `None` if it has ended before.
    #[inline]
    #[allow(clippy::option_option, reason = "whether it ends now, and with which error")]
    fn settle(&self, is_unanswered: bool) -> Option<Option<&'static str>> {
        let bits = self.0.outcome();
        if bits & outcome::ENDED != 0 {
            return None;
        }
        let error = outcome::of_dropped(bits, is_unanswered);
        if let Some((kind, message)) = error {
            self.fail(kind, message);
        }
        self.0.note(outcome::ENDED);
        Some(error.map(|(kind, _)| kind))
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

/// Wraps a future so that the step that is current here is the current one in it: for `tokio::spawn` and the
/// like, which start with an empty context.
///
/// ```
/// # async fn look_up() {}
/// # async fn example() {
/// let run = turnscope::run("helpdesk");
/// run.scope(async {
///     tokio::spawn(turnscope::in_current(look_up())).await.unwrap();
/// })
/// .await;
/// # }
/// ```
pub fn in_current<F: Future>(future: F) -> Scope<F> {
    current().scope(future)
}

/// Wraps a function so that the step that is current here is the current one in it: for `spawn_blocking` and
/// threads.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// let _entered = run.enter();
/// std::thread::spawn(turnscope::wrap_current(|| turnscope::current().tool("lookup").end())).join().unwrap();
/// ```
pub fn wrap_current<T, F: FnOnce() -> T>(work: F) -> impl FnOnce() -> T + use<T, F> {
    current().wrap(work)
}

/// The recorder of the run in a context.
pub(crate) fn recorder_in(context: &Context) -> Option<Recorder> {
    Some(context.get::<Arc<RunState>>()?.recorder.clone())
}
