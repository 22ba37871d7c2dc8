//! A custom exporter alongside others: prints a line with the token usage of each run to stdout, each span to
//! stderr, and exports over OTLP if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. `cargo run -p turnscope --example
//! custom_exporter`.

use std::{
    collections::HashMap,
    error::Error,
    io::{self, Write as _},
};
use turnscope::{
    Exporter, RecordingConfig, Usage,
    opentelemetry::{TraceId, Value},
    opentelemetry_sdk::trace::SpanData,
    shutdown,
};

/// A trace's spans end before its run, so sums their tokens until then.
#[derive(Debug, Default)]
struct TokensPerRun {
    open: HashMap<TraceId, i64>,
}

impl Exporter for TokensPerRun {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        for span in spans {
            let trace = span.span_context.trace_id();
            *self.open.entry(trace).or_default() +=
                number(span, "gen_ai.usage.input_tokens") + number(span, "gen_ai.usage.output_tokens");
            if let Some(agent) = span.name.strip_prefix("invoke_agent ") {
                let tokens = self.open.remove(&trace).unwrap_or_default();
                writeln!(io::stdout(), "{agent} used {tokens} tokens")?;
            }
        }
        Ok(())
    }
}

fn number(span: &SpanData, key: &str) -> i64 {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    match found.map(|attribute| &attribute.value) {
        Some(Value::I64(number)) => *number,
        _ => 0,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let exporters: Vec<Box<dyn Exporter>> = vec![Box::new(TokensPerRun::default())];
    let config = RecordingConfig::from_env("custom-exporter")?
        .unwrap_or_else(|| RecordingConfig::new("custom-exporter"));
    let _recording = RecordingConfig { exporters, console: true, ..config }.install()?;

    let run = turnscope::run("helpdesk");
    for _ in 0..2 {
        let call = run.turn().llm("openai", "gpt-5-mini");
        call.usage(Usage { input: Some(120), output: Some(18), ..Usage::default() });
    }
    run.end();
    let _ = shutdown();
    Ok(())
}
