//! The tracer that creates spans: the SDK's, or that of OpenTelemetry's global provider.

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
    /// Its span type is known, so spans are kept where they are used, see `span_handle`.
    Sdk(SdkTracer),
    /// Its spans are opaque.
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

    /// The global provider's tracer, if the application has set a provider.
    pub(crate) fn global() -> Option<Self> {
        let provider = global::tracer_provider();
        let tracer = provider.tracer(NAME);
        (!is_noop(&tracer)).then(|| Self::Global(Arc::new(Global { provider, tracer })))
    }

    /// For spans of any other kind.
    pub(crate) fn boxed(&self) -> BoxedTracer {
        match self {
            Self::Sdk(tracer) => BoxedTracer::new(Box::new(tracer.clone())),
            Self::Global(global) => global.provider.tracer(NAME),
        }
    }
}

/// OpenTelemetry does not tell whether a provider was set. The no-op tracer gives its spans their parent's
/// ids; others do not, not even while telemetry is suppressed as it is here.
fn is_noop(tracer: &BoxedTracer) -> bool {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    let (trace, span) = (TraceId::from(1_u128), SpanId::from(1_u64));
    let parent = SpanContext::new(trace, span, TraceFlags::default(), true, TraceState::default());
    let parent = Context::current().with_remote_span_context(parent);
    let probe = tracer.build_with_context(SpanBuilder::from_name("probe"), &parent);
    probe.span_context() == parent.span().span_context()
}
