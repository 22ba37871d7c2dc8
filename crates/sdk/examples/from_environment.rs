//! Records a run and exports it as OpenTelemetry's variables specify. Without an endpoint nothing is
//! recorded. `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 cargo run -p turnscope --example
//! from_environment`.

use turnscope::{
    init_tracing,
    opentelemetry::trace::{TraceContextExt, Tracer},
    shutdown,
};

fn main() {
    let _recording = init_tracing("from-environment");
    let tracer = turnscope::get_tracer();
    // A span of the application, with the run as its child.
    tracer.in_span("handle a request", |context| {
        println!("recording: {}", context.span().is_recording());
        let run = turnscope::run("helpdesk");
        run.turn().tool("lookup").call_id("call_1");
        run.final_answer("It is at sea.");
    });
    let _ = shutdown();
}
