//! What begins spans: the SDK's tracer, or that of the provider which the application has set as OpenTelemetry's global one.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    global::{self, BoxedTracer, GlobalTracerProvider},
    trace::{
        Span as _, SpanBuilder, SpanContext, TraceContextExt as _, TraceState, Tracer as _, TracerProvider,
    },
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::sync::Arc;

const NAME: &str = "turnscope";

#[derive(Clone)]
pub(crate) enum Tracer {
    /// Its spans are known: they are kept where they are used, see `place`.
    Sdk(SdkTracer),
    /// Its spans can be anything.
    Global(Arc<Global>),
}

pub(crate) struct Global {
    provider: GlobalTracerProvider,
    pub(crate) tracer: BoxedTracer,
}

impl Tracer {
    pub(crate) fn of(provider: &SdkTracerProvider) -> Self {
        Self::Sdk(provider.tracer(NAME))
    }

    /// The tracer of the global provider, where the application has set one.
    pub(crate) fn global() -> Option<Self> {
        let provider = global::tracer_provider();
        let tracer = provider.tracer(NAME);
        does_anything(&tracer).then(|| Self::Global(Arc::new(Global { provider, tracer })))
    }

    /// For spans of any other kind.
    pub(crate) fn boxed(&self) -> BoxedTracer {
        match self {
            Self::Sdk(tracer) => BoxedTracer::new(Box::new(tracer.clone())),
            Self::Global(global) => global.provider.tracer(NAME),
        }
    }
}

/// OpenTelemetry does not tell whether a provider was set. The one that does nothing gives its spans the ids of their parent;
/// others do not, least of all where nothing may be recorded, as here.
fn does_anything(tracer: &BoxedTracer) -> bool {
    let _quiet = Context::enter_telemetry_suppressed_scope();
    let (trace, span) = (TraceId::from(1_u128), SpanId::from(1_u64));
    let parent = SpanContext::new(trace, span, TraceFlags::default(), true, TraceState::default());
    let parent = Context::current().with_remote_span_context(parent);
    let probe = tracer.build_with_context(SpanBuilder::from_name("probe"), &parent);
    probe.span_context() != parent.span().span_context()
}
