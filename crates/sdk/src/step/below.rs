//! What begins below a step.

use super::{CustomStep, Step};
use crate::{
    Embedding, Ingest, LlmCall, MemoryRead, MemoryWrite, PolicyEvaluation, Retrieval, Run, Sanitizer,
    ToolCall, Turn, guard::Guard, live, place::Position, tracer::Tracer,
};
use opentelemetry::{
    KeyValue,
    trace::{Span as _, SpanBuilder, SpanContext, SpanKind, TraceContextExt, Tracer as _},
};
use std::{borrow::Cow, sync::Arc};

impl Step {
    /// Begins a run of another agent below this step: a child run.
    pub fn run(&self, name: impl Into<Cow<'static, str>>) -> Run {
        self.begin(|| Run::begin(self, name.into()))
    }

    /// Begins a turn that is number `n`, counted from 1. [`Run::turn`] counts by itself.
    #[inline]
    pub fn turn_at(&self, n: u32) -> Turn {
        self.begin(|| Turn::begin(self, n))
    }

    /// Begins a call of the model `model` of `provider` (`openai`, `anthropic`, …).
    pub fn llm(&self, provider: &'static str, model: impl Into<Cow<'static, str>>) -> LlmCall {
        self.begin(|| LlmCall::begin(self, provider, model.into()))
    }

    /// Begins a call of the tool `name`.
    pub fn tool(&self, name: impl Into<Cow<'static, str>>) -> ToolCall {
        self.begin(|| ToolCall::begin(self, name.into()))
    }

    /// Begins a retrieval from the data source `source`.
    pub fn retrieval(&self, source: impl Into<Cow<'static, str>>) -> Retrieval {
        self.begin(|| Retrieval::begin(self, source.into()))
    }

    /// Begins the making of embeddings with the model `model`.
    pub fn embedding(&self, provider: &'static str, model: impl Into<Cow<'static, str>>) -> Embedding {
        self.begin(|| Embedding::begin(self, provider, model.into()))
    }

    /// Begins a search in the memory `store`.
    pub fn memory_read(&self, store: impl Into<Cow<'static, str>>) -> MemoryRead {
        self.begin(|| MemoryRead::begin(self, store.into()))
    }

    /// Begins writing into the memory `store`.
    pub fn memory_write(&self, store: impl Into<Cow<'static, str>>) -> MemoryWrite {
        self.begin(|| MemoryWrite::begin(self, store.into()))
    }

    /// Begins the evaluation of a policy gate for a call of the tool `tool`.
    pub fn policy(&self, tool: impl Into<Cow<'static, str>>) -> PolicyEvaluation {
        self.begin(|| PolicyEvaluation::begin(self, tool.into()))
    }

    /// Begins sanitising what the tool `tool` returned.
    pub fn sanitizer(&self, tool: impl Into<Cow<'static, str>>) -> Sanitizer {
        self.begin(|| Sanitizer::begin(self, tool.into()))
    }

    /// Begins reading documents into a store.
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

    /// A step of any name and kind.
    #[cfg(feature = "rmcp")]
    pub(crate) fn custom_of(
        &self,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) -> CustomStep {
        self.begin(|| CustomStep { step: self.child(name.into(), kind, attributes.into_iter().collect()) })
    }

    /// Nothing is made where nothing is recorded.
    #[inline]
    fn begin<G: Guard>(&self, begin: impl FnOnce() -> G) -> G {
        if self.is_off() { G::off(self.clone()) } else { begin() }
    }

    /// Begins a span below this step. `attributes` had better have room for those that will be set later.
    pub(crate) fn child(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        mut attributes: Vec<KeyValue>,
    ) -> Step {
        let Some((parent, means)) = self.0.place().zip(self.means()) else { return self.clone() };
        parent.scope.shared.add_to(&mut attributes);
        let builder = SpanBuilder {
            name,
            span_kind: Some(kind),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        let told = means.logger.as_ref().filter(|_| means.live).map(|to| (to, Box::new(builder.clone())));
        let announce = |ids: &SpanContext| {
            if let Some((to, builder)) = told
                && ids.is_sampled()
            {
                let above = parent.context.span();
                let attributes = builder.attributes.iter().flatten();
                live::announce(to, &builder.name, ids, above.span_context(), attributes);
            }
        };
        match &means.tracer {
            Tracer::Sdk(tracer) => {
                let span = tracer.build_with_context(builder, &parent.context);
                announce(span.span_context());
                Step(Position::on(Arc::clone(parent), span))
            }
            Tracer::Global(global) => {
                let span = global.tracer.build_with_context(builder, &parent.context);
                announce(span.span_context());
                Self::in_place(parent.context.with_span(span), Arc::clone(&parent.scope))
            }
        }
    }
}
