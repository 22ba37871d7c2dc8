//! Beginning steps: with a recorder, and below another step.

use super::{
    CustomStep, StartTime, Step,
    approval::Approval,
    guard::Guard,
    memory::{MemoryRead, MemoryWrite},
    model_call::{Embedding, LlmCall},
    retrieval::{Ingest, Retrieval},
    run::{Run, Turn},
    tool::{PolicyEvaluation, Sanitizer, ToolCall},
};
use crate::{Recorder, live, run_attributes::RunAttributes, span_handle::SpanHandle, tracer::Tracer};
use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanContext, SpanKind, TraceContextExt, Tracer as _},
};
use std::{
    borrow::Cow,
    sync::Arc,
    time::{Instant, SystemTime},
};

impl Recorder {
    /// Begins a run of the agent `name`, as a child of the current OpenTelemetry span if there is one.
    pub fn run(&self, name: impl Into<Cow<'static, str>>) -> Run {
        self.in_current_context().run(name)
    }

    /// A handle to record steps in a context without a run, for example in one that came from another
    /// process.
    pub fn in_context(&self, context: &Context) -> Step {
        Step::at(self, context, RunAttributes::default())
    }

    /// A handle to the current context, for this recorder.
    fn in_current_context(&self) -> Step {
        match self.inner() {
            None => Step::disabled(),
            Some(_) if self.is_forked() => Step::disabled(),
            Some(_) => Context::map_current(|context| Step::inside(self, context)),
        }
    }
}

impl Step {
    /// Begins a child run: a run of another agent below this step.
    pub fn run(&self, name: impl Into<Cow<'static, str>>) -> Run {
        self.begin(|| Run::begin(self, name.into()))
    }

    /// Begins turn number `n`, counting from 1. [`Run::turn`] counts by itself.
    #[inline]
    pub fn turn_at(&self, n: u32) -> Turn {
        self.begin(|| Turn::begin(self, n))
    }

    /// Begins a call of `model` at `provider` (`openai`, `anthropic`, …).
    pub fn llm(
        &self,
        provider: impl Into<Cow<'static, str>>,
        model: impl Into<Cow<'static, str>>,
    ) -> LlmCall {
        self.begin(|| LlmCall::begin(self, provider.into(), model.into()))
    }

    /// Asks a person, and waits. See [`Approval`] for recording the answer.
    pub fn ask_person(&self, question: impl Into<Cow<'static, str>>) -> Approval {
        self.begin(|| Approval::begin(self, question.into()))
    }

    /// Begins a call of the tool `name`.
    pub fn tool(&self, name: impl Into<Cow<'static, str>>) -> ToolCall {
        self.begin(|| ToolCall::begin(self, name.into()))
    }

    /// Begins a retrieval from the data source `source`.
    pub fn retrieval(&self, source: impl Into<Cow<'static, str>>) -> Retrieval {
        self.begin(|| Retrieval::begin(self, source.into()))
    }

    /// Begins an embeddings call of `model` at `provider`.
    pub fn embedding(
        &self,
        provider: impl Into<Cow<'static, str>>,
        model: impl Into<Cow<'static, str>>,
    ) -> Embedding {
        self.begin(|| Embedding::begin(self, provider.into(), model.into()))
    }

    /// Begins a search in the memory `store`.
    pub fn memory_read(&self, store: impl Into<Cow<'static, str>>) -> MemoryRead {
        self.begin(|| MemoryRead::begin(self, store.into()))
    }

    /// Begins a write to the memory `store`.
    pub fn memory_write(&self, store: impl Into<Cow<'static, str>>) -> MemoryWrite {
        self.begin(|| MemoryWrite::begin(self, store.into()))
    }

    /// Begins a policy evaluation for a call of `tool`.
    pub fn policy(&self, tool: impl Into<Cow<'static, str>>) -> PolicyEvaluation {
        self.begin(|| PolicyEvaluation::begin(self, tool.into()))
    }

    /// Begins sanitising the output of `tool`.
    pub fn sanitizer(&self, tool: impl Into<Cow<'static, str>>) -> Sanitizer {
        self.begin(|| Sanitizer::begin(self, tool.into()))
    }

    /// Begins an ingestion of documents.
    #[inline]
    pub fn ingest(&self) -> Ingest {
        self.begin(|| Ingest::begin(self))
    }

    /// Begins a step of any other name.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.custom("queue.wait").set("queue.length", 3);
    /// ```
    pub fn custom(&self, name: impl Into<Cow<'static, str>>) -> CustomStep {
        self.begin(|| CustomStep { step: self.child(name.into(), SpanKind::Internal, Vec::new()) })
    }

    /// Begins a step of any name and span kind.
    #[cfg(feature = "rmcp")]
    pub(crate) fn custom_with(
        &self,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) -> CustomStep {
        self.begin(|| CustomStep { step: self.child(name.into(), kind, attributes.into_iter().collect()) })
    }

    /// Skips `begin` if recording is off.
    #[inline]
    fn begin<G: Guard>(&self, begin: impl FnOnce() -> G) -> G {
        if self.is_off() { G::disabled(self.clone()) } else { begin() }
    }

    /// Begins a child span. `attributes` should have capacity for those set later.
    pub(crate) fn child(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        mut attributes: Vec<KeyValue>,
    ) -> Step {
        let Some((parent, inner)) = self.0.recording_context().zip(self.inner()) else { return self.clone() };
        parent.run_state.attributes.add_to(&mut attributes);
        let given = parent.context.get::<StartTime>();
        let given =
            given.filter(|start| start.of_children_of == parent.context.span().span_context().span_id());
        let began = given.is_none().then(|| (SystemTime::now(), Instant::now()));
        let builder = SpanBuilder {
            name,
            span_kind: Some(kind),
            start_time: began.map(|(time, _)| time).or(given.map(|start| start.time)),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        let live = inner.logger.as_ref().filter(|_| inner.live).map(|to| (to, Box::new(builder.clone())));
        let announce = |ids: &SpanContext| {
            if let Some((to, builder)) = live
                && ids.is_sampled()
            {
                let parent_span = parent.context.span();
                let attributes = builder.attributes.iter().flatten();
                live::announce(to, &builder.name, ids, parent_span.span_context(), attributes);
            }
        };
        match &inner.tracer {
            Tracer::Sdk(tracer) => {
                let span = tracer.build_with_context(builder, &parent.context);
                announce(span.span_context());
                Step(SpanHandle::owned(Arc::clone(parent), span, began))
            }
            Tracer::Global(global) => {
                let span = global.tracer.build_with_context(builder, &parent.context);
                announce(span.span_context());
                Self::active(parent.context.with_span(span), Arc::clone(&parent.run_state))
            }
        }
    }
}
