//! The official Rust exporter as a real client, over gRPC and over HTTP.

use opentelemetry::{
    KeyValue,
    trace::{Span as _, SpanBuilder, TraceContextExt as _, Tracer, TracerProvider as _},
};
use opentelemetry_otlp::{
    Compression, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, SpanExporter as Exporter},
};
use turnscope_tests::testkit::Turnscope;

/// An agent with one model call and one tool call, as an instrumented program records them.
fn run_agent(provider: &SdkTracerProvider, name: &str) {
    let tracer = provider.tracer("clerk");
    let builder = |span: &str, operation: &str, more: Vec<KeyValue>| -> SpanBuilder {
        let mut attributes = vec![KeyValue::new("gen_ai.operation.name", operation.to_owned())];
        attributes.extend(more);
        SpanBuilder::from_name(span.to_owned()).with_attributes(attributes)
    };
    let agent =
        builder("invoke_agent", "invoke_agent", vec![KeyValue::new("gen_ai.agent.name", name.to_owned())]);
    let agent = opentelemetry::Context::new()
        .with_span(tracer.build_with_context(agent, &opentelemetry::Context::new()));
    let call = builder(
        "chat m",
        "chat",
        vec![
            KeyValue::new("gen_ai.request.model", "m"),
            KeyValue::new("gen_ai.usage.input_tokens", 12),
            KeyValue::new("gen_ai.usage.output_tokens", 3),
            KeyValue::new(
                "gen_ai.input.messages",
                r#"[{"role":"user","parts":[{"type":"text","content":"where is it?"}]}]"#,
            ),
        ],
    );
    tracer.build_with_context(call, &agent).end();
    let tool =
        builder("execute_tool track", "execute_tool", vec![KeyValue::new("gen_ai.tool.name", "track")]);
    tracer.build_with_context(tool, &agent).end();
    agent.span().end();
}

fn resource() -> Resource {
    Resource::builder_empty().with_attribute(KeyValue::new("service.name", "shop")).build()
}

fn send_with(exporter: impl Exporter + 'static, name: &str) {
    let provider =
        SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter).build();
    run_agent(&provider, name);
    provider.force_flush().expect("everything was taken");
    provider.shutdown().expect("the exporter stops");
}

/// The HTTP client needs the runtime of the thread that ends a span. Each span is sent when it ends, children first.
fn send_one_by_one(exporter: impl Exporter + 'static, name: &str) {
    let provider =
        SdkTracerProvider::builder().with_resource(resource()).with_simple_exporter(exporter).build();
    run_agent(&provider, name);
    provider.shutdown().expect("the exporter stops");
}

#[test]
fn the_official_exporter_delivers_over_grpc_and_http() {
    let server = Turnscope::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let inside = runtime.enter();
    let mut sent = Vec::new();
    for compression in [None, Some(Compression::Gzip)] {
        let mut grpc =
            SpanExporter::builder().with_tonic().with_endpoint(format!("http://{}", server.0.otlp_grpc));
        let mut http = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("http://{}/v1/traces", server.0.otlp_http));
        if let Some(compression) = compression {
            grpc = grpc.with_compression(compression);
            http = http.with_compression(compression);
        }
        let name = |over: &str| format!("{over} {compression:?}");
        send_with(grpc.build().unwrap(), &name("grpc"));
        send_one_by_one(http.build().unwrap(), &name("http"));
        sent.extend([name("grpc"), name("http")]);
    }
    drop(inside);
    let list = server.json("/v1/runs");
    let mut seen: Vec<String> = list["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["agent_name"].as_str().unwrap().to_owned())
        .collect();
    seen.sort();
    sent.sort();
    assert_eq!(seen, sent);
    for run in list["runs"].as_array().unwrap() {
        let counts =
            ["turn_count", "llm_call_count", "tool_call_count", "input_tokens"].map(|f| run[f].as_u64());
        assert_eq!(counts, [Some(1), Some(1), Some(1), Some(12)]);
        assert_eq!(run["input_preview"], "where is it?");
        assert_eq!((run["status"].as_str(), run["service_name"].as_str()), (Some("completed"), Some("shop")));
    }
}
