//! What every step can do: attributes, errors, events, and being the parent of others (`below`).
//!
//! Not here: what only one kind of step knows (`run`, `model_call`, `tool`, `knowledge`).

mod below;

use crate::{
    Naming, Recorder,
    metrics::Instruments,
    place::{Place, Position, Scope, Surroundings, on_span},
    recorder::Means,
    shared::Shared,
};
use opentelemetry::{
    Context, ContextGuard, Key, KeyValue, Value,
    trace::{FutureExt, Span as _, SpanContext, Status, TraceContextExt, WithContext},
};
use std::{any::type_name_of_val, borrow::Cow, error::Error, sync::Arc};

/// A handle to a step that is being recorded. Cloning gives another handle to the same step; dropping one ends nothing.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// let turn = run.turn();
/// turn.set("ticket.id", 17).event("looked_up", [("found", true)]);
/// ```
#[derive(Clone, Debug)]
pub struct Step(Position);

impl Step {
    /// Where nothing is recorded: OpenTelemetry's active span stays what it is.
    #[inline]
    pub(crate) fn off() -> Self {
        Self(Position::Off(Surroundings::default()))
    }

    /// The place of a recorder in a context, with a scope of its own.
    pub(crate) fn at(recorder: &Recorder, context: &Context, shared: Shared) -> Self {
        if recorder.means().is_none() {
            return Self(Position::Off(Surroundings::given(context.clone())));
        }
        let scope = Arc::new(Scope { recorder: recorder.clone(), shared });
        Self::in_place(context.with_value(Arc::clone(&scope)), scope)
    }

    /// The place of a recorder in a context that may hold a scope of this recorder's already.
    pub(crate) fn inside(recorder: &Recorder, context: &Context) -> Self {
        match context.get::<Arc<Scope>>() {
            Some(scope) if scope.recorder.is(recorder) => Self::in_place(context.clone(), Arc::clone(scope)),
            _ => Self::at(recorder, context, Shared::default()),
        }
    }

    fn in_place(context: Context, scope: Arc<Scope>) -> Self {
        Self(Position::In(Arc::new(Place { context, scope })))
    }

    /// The place of a new run below this step. It takes over the session and the user; what it sets itself is its own.
    pub(crate) fn fork(&self) -> Self {
        match self.0.scope() {
            None => self.clone(),
            Some(scope) => Self::at(&scope.recorder, self.context(), scope.shared.fork()),
        }
    }

    /// Sets an attribute of any name.
    #[inline]
    pub fn set(&self, key: impl Into<Key>, value: impl Into<Value>) -> &Self {
        if !self.is_off() {
            self.put(KeyValue::new(key, value));
        }
        self
    }

    /// Each question to the span takes its lock, so it is asked nothing: one that is not recorded takes nothing.
    fn put(&self, attribute: KeyValue) {
        on_span!(self.0, |span| span.set_attribute(attribute));
    }

    /// Sets several attributes at once, which takes the span's lock once.
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
            // Made before the span is locked: the caller's own code may run here.
            let attributes = attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
            let name = name.into();
            on_span!(self.0, |span| span.add_event(name, attributes));
        }
        self
    }

    /// The step failed: its status becomes an error, `error.type` is the type of `error`, and an exception event is
    /// recorded.
    pub fn error<E: Error + ?Sized>(&self, error: &E) -> &Self {
        if self.is_off() {
            return self;
        }
        self.fail(type_name_of_val(error).to_owned(), error.to_string())
    }

    /// The step failed with an error that has a name of its own, such as a provider's code or `timeout`.
    pub fn fail(&self, kind: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> &Self {
        if self.is_off() {
            return self;
        }
        let (kind, message) = (kind.into(), message.into());
        self.exception(&kind, &message, true).set("error.type", kind);
        on_span!(self.0, |span| span.set_status(Status::error(message)));
        self
    }

    /// Something went wrong that the step survived: an exception event, and no other status.
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

    /// Flags the step, and with it its run, with the reason: for those who look for such runs, and for
    /// [`TailRules`](crate::TailRules), which keep it.
    pub fn flag(&self, why: impl Into<Value>) -> &Self {
        self.set(crate::sample::FLAG, why)
    }

    /// The result of an evaluation: the event `gen_ai.evaluation.result`, and `eval.score.NAME`.
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

    /// Whether nothing is ever recorded here: then nothing may cost anything.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        matches!(self.0, Position::Off(_))
    }

    /// Whether anything is recorded; where not, what is costly to compute need not be.
    pub fn is_recording(&self) -> bool {
        !self.is_off() && on_span!(self.0, |span| span.is_recording())
    }

    /// Whether messages, arguments and results are recorded.
    pub fn captures_content(&self) -> bool {
        self.means().is_some_and(|means| means.content) && self.is_recording()
    }

    /// The ids of the step's span.
    pub fn span_context(&self) -> SpanContext {
        on_span!(self.0, |span| span.span_context().clone())
    }

    /// The OpenTelemetry context in which this step is the active span: for propagation, and for spans of others.
    pub fn context(&self) -> &Context {
        self.0.context()
    }

    /// Makes this step the current one on this thread until the guard is dropped. Not to be held across an `.await`:
    /// there [`around`](Self::around) is right.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let _entered = run.enter();
    /// turnscope::current().tool("lookup").set("rows", 3);
    /// ```
    pub fn enter(&self) -> ContextGuard {
        self.context().clone().attach()
    }

    /// The future with this step as the current one whenever it is polled, on whatever thread.
    ///
    /// ```
    /// # async fn work() {}
    /// # async fn example() {
    /// let run = turnscope::run("helpdesk");
    /// run.around(async {
    ///     let _tool = turnscope::current().tool("lookup");
    ///     work().await;
    /// })
    /// .await;
    /// # }
    /// ```
    pub fn around<F: Future>(&self, future: F) -> WithContext<F> {
        future.with_context(self.context().clone())
    }

    /// The same place with another context.
    pub(crate) fn with_context(&self, context: Context) -> Step {
        match self.0.scope() {
            None => Self(Position::Off(Surroundings::given(context))),
            Some(scope) => Self::in_place(context, Arc::clone(scope)),
        }
    }

    /// Sets an attribute that all steps of the run carry that begin from now on.
    pub(crate) fn share(&self, key: &'static str, value: Value) -> &Self {
        if let Some(scope) = self.0.scope() {
            scope.shared.set(key, value.clone());
        }
        self.set(key, value)
    }

    pub(crate) fn instruments(&self) -> Option<&Arc<Instruments>> {
        self.means()?.instruments.as_ref()
    }

    pub(crate) fn means(&self) -> Option<&Means> {
        self.0.scope()?.recorder.means()
    }

    /// Sets an attribute that holds content, where content is recorded.
    #[inline]
    pub(crate) fn content(&self, key: &'static str, value: impl FnOnce() -> String) -> &Self {
        if !self.is_off() && self.captures_content() { self.set(key, value()) } else { self }
    }

    #[inline]
    pub(crate) fn count(&self, key: &'static str, value: u64) -> &Self {
        self.set(key, i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(crate) fn is_agent_run(&self) -> bool {
        self.means().is_some_and(|means| means.naming == Naming::AgentRun)
    }

    pub(crate) fn records_usage(&self) -> bool {
        self.means().is_some_and(|means| means.token_usage)
    }

    /// A step that is not recorded itself: what begins below it stands directly under this one.
    pub(crate) fn shadow(&self) -> Self {
        // A span that is known by its ids only takes nothing, and cannot be ended here.
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

crate::guard::guard! {
    /// A step of any name.
    CustomStep
}

/// The innermost step that was entered here, or a place that is no step: what is recorded below it goes to the default
/// recorder, and stands outside any run.
///
/// ```
/// turnscope::current().set("noted", true); // nothing happens outside a run
/// ```
pub fn current() -> Step {
    Context::map_current(|context| match recorder_in(context) {
        Some(recorder) => Step::inside(&recorder, context),
        None => Step::inside(&crate::default_recorder(), context),
    })
}

/// The recorder of the run in a context.
pub(crate) fn recorder_in(context: &Context) -> Option<Recorder> {
    Some(context.get::<Arc<Scope>>()?.recorder.clone())
}
