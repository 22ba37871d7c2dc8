//! Generates telemetry for tests: small agent runs with chosen ids, whose history is sent again at each turn.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status},
};
use prost::Message as _;

/// The start of all runs, in nanoseconds since the epoch.
pub const ZERO: u64 = 1_750_000_000_000_000_000;

/// The trace id of the run with this number.
pub fn trace_id(run: u64) -> [u8; 16] {
    (u128::from(run) + 1).to_be_bytes()
}

/// The id of the span with this number in its run.
pub fn span_id(span: u64) -> [u8; 8] {
    (span + 1).to_be_bytes()
}

/// The id of the run with this number.
pub fn run_id(run: u64) -> String {
    format!("{:032x}-{:016x}", run + 1, 1)
}

/// A text attribute.
pub fn text(key: &str, value: impl Into<String>) -> KeyValue {
    KeyValue { key: key.into(), value: Some(any(Value::StringValue(value.into()))), key_strindex: 0 }
}

/// A number.
pub fn number(key: &str, value: i64) -> KeyValue {
    KeyValue { key: key.into(), value: Some(any(Value::IntValue(value))), key_strindex: 0 }
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// Span number `n` of run `run`, a child of `parent`.
pub fn span(run: u64, n: u64, parent: Option<u64>, name: &str, attributes: Vec<KeyValue>) -> Span {
    let start = ZERO + run * 1_000_000_000 + n * 10_000_000;
    let lasts = if parent.is_none() { 900_000_000 } else { 8_000_000 };
    Span {
        trace_id: trace_id(run).to_vec(),
        span_id: span_id(n).to_vec(),
        parent_span_id: parent.map(|parent| span_id(parent).to_vec()).unwrap_or_default(),
        name: name.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + lasts,
        status: Some(Status::default()),
        attributes,
        ..Span::default()
    }
}

/// A run with this many turns: the agent's span, and for each turn a model call and a tool call.
pub fn run(number_of_run: u64, turns: u64) -> Vec<Span> {
    let agent = vec![
        text("gen_ai.operation.name", "invoke_agent"),
        text("gen_ai.agent.name", "clerk"),
        text("gen_ai.conversation.id", format!("session-{}", number_of_run % 7)),
    ];
    let mut spans = vec![span(number_of_run, 0, None, "invoke_agent clerk", agent)];
    let mut history = vec![message("user", &format!("question {number_of_run}: where is the parcel?"))];
    for turn in 0..turns {
        let answer =
            message("assistant", &format!("turn {turn} of run {number_of_run}: let me look that up"));
        let call = vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "gpt-4.1-mini"),
            text("gen_ai.provider.name", "openai"),
            number("gen_ai.usage.input_tokens", 100 + turn as i64),
            number("gen_ai.usage.output_tokens", 10),
            text("gen_ai.input.messages", serde_json::to_string(&history).unwrap_or_default()),
            text("gen_ai.output.messages", serde_json::to_string(&[&answer]).unwrap_or_default()),
        ];
        let tool = vec![
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", "track"),
            text("gen_ai.tool.call.arguments", format!(r#"{{"parcel":"{number_of_run}-{turn}"}}"#)),
            text("gen_ai.tool.call.result", format!("parcel {number_of_run}-{turn} left the depot")),
        ];
        spans.push(span(number_of_run, 1 + 2 * turn, Some(0), "chat gpt-4.1-mini", call));
        spans.push(span(number_of_run, 2 + 2 * turn, Some(0), "execute_tool track", tool));
        history.push(answer);
        history.push(message("user", &format!("and then, after turn {turn}?")));
    }
    spans
}

fn message(role: &str, content: &str) -> serde_json::Value {
    serde_json::json!({"role": role, "parts": [{"type": "text", "content": content}]})
}

/// The export request that carries these spans.
pub fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

/// The same, encoded as protobuf.
pub fn encode(spans: Vec<Span>) -> Vec<u8> {
    request(spans).encode_to_vec()
}

/// A deterministic pseudo-random generator.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    /// Shuffles a list.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}
