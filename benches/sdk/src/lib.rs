//! The measured span: a model call with ten attributes, recorded with `turnscope` and with OpenTelemetry's SDK
//! alone.

use opentelemetry::{
    Context, KeyValue, StringValue, Value,
    trace::{Span as _, SpanBuilder, SpanKind},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use std::{hint::black_box, time::Duration};
use turnscope::{Step, Usage};

/// Drops all spans, because only recording is measured.
#[derive(Debug)]
struct DropSpans;

impl SpanProcessor for DropSpans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        black_box(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A provider that drops all spans.
#[must_use]
pub fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(DropSpans).build()
}

/// Records the span with `turnscope`.
pub fn with_turnscope(turn: &Step) {
    let call = turn.llm("openai", "gpt-5-mini");
    call.max_tokens(256).temperature(0.5).response("resp-1", "gpt-5-mini-2026").finish_reasons(["stop"]);
    call.usage(Usage { input: Some(1200), output: Some(40), ..Usage::default() });
}

/// Records the same span with the SDK alone, as one would write it by hand. `shared` are the attributes of all
/// spans of the run.
pub fn with_sdk_alone(tracer: &SdkTracer, parent: &Context, shared: &[KeyValue]) {
    let mut attributes = vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", "openai"),
        KeyValue::new("gen_ai.request.model", "gpt-5-mini"),
    ];
    attributes.extend_from_slice(shared);
    let mut span = SpanBuilder::from_name(format!("chat {}", black_box("gpt-5-mini")))
        .with_kind(SpanKind::Client)
        .with_attributes(attributes)
        .start_with_context(tracer, parent);
    span.set_attribute(KeyValue::new("gen_ai.request.max_tokens", 256));
    span.set_attribute(KeyValue::new("gen_ai.request.temperature", 0.5));
    span.set_attribute(KeyValue::new("gen_ai.response.id", "resp-1"));
    span.set_attribute(KeyValue::new("gen_ai.response.model", "gpt-5-mini-2026"));
    let reasons = Value::Array(vec![StringValue::from("stop")].into());
    span.set_attribute(KeyValue::new("gen_ai.response.finish_reasons", reasons));
    span.set_attribute(KeyValue::new("gen_ai.usage.input_tokens", 1200));
    span.set_attribute(KeyValue::new("gen_ai.usage.output_tokens", 40));
    span.end();
}
