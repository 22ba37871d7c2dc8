//! Generated agent runs: a root span, then turns of one model call and two tools, with the whole history re-sent each turn.
//!
//! Text is cut from a large buffer of made-up words with a Zipf-like distribution, so that it compresses like prose
//! and no two runs share text. Deterministic: the same seed gives the same bytes.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, status::StatusCode},
};
use std::fmt::Write as _;

/// The shape of the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Turns per run.
    pub(crate) turns: usize,
    /// Messages kept in the history, from the end. 0 keeps all.
    pub(crate) window: usize,
    /// Bytes of text per new message.
    pub(crate) message_bytes: usize,
    /// Plain spans below each tool call.
    pub(crate) below: usize,
}

impl Shape {
    /// The number of spans in a run of this shape: the root, and a model call and two tools in each turn but the last.
    pub(crate) const fn spans(self) -> usize {
        2 + (self.turns - 1) * self.turn_spans()
    }
    /// The same shape with as many turns as fit into this many spans.
    pub(crate) const fn with_spans(self, spans: usize) -> Self {
        Self { turns: 1 + spans.saturating_sub(2) / self.turn_spans(), ..self }
    }
    const fn turn_spans(self) -> usize {
        1 + 2 * (1 + self.below)
    }
}

/// A small, fast, seedable generator (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// From a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Below a bound.
    pub(crate) const fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// A buffer of prose-like text.
#[derive(Debug)]
pub(crate) struct Prose(String);

impl Prose {
    /// About this many bytes of text.
    pub(crate) fn new(bytes: usize) -> Self {
        const SYLLABLES: [&str; 32] = [
            "ka", "to", "mi", "ra", "ne", "so", "li", "va", "du", "pe", "cor", "ten", "ast", "ing", "er",
            "ol", "um", "est", "an", "qui", "pro", "sta", "bel", "dor", "fen", "gri", "hal", "jun", "kel",
            "lor", "mar", "nod",
        ];
        let mut random = Random::new(7);
        let words: Vec<String> = (0..20_000)
            .map(|_| (0..2 + random.below(3)).map(|_| SYLLABLES[random.below(32)]).collect())
            .collect();
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            // The product of two uniform numbers is distributed much like word frequencies.
            let rank = random.below(words.len()) * random.below(words.len()) / words.len();
            text.push_str(&words[rank]);
            text.push(if random.below(12) == 0 { '.' } else { ' ' });
        }
        Self(text)
    }

    fn piece(&self, random: &mut Random, bytes: usize) -> &str {
        let start = random.below(self.0.len() - bytes);
        &self.0[start..start + bytes] // the text is ASCII
    }
}

/// Who ran: what lists filter and figures group by.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The agent.
    pub(crate) agent: String,
    /// The model asked for.
    pub(crate) model: String,
    /// The session.
    pub(crate) session: String,
    /// The user; `None` where the application names none.
    pub(crate) user: Option<String>,
    /// The tag; `None` for a run without one.
    pub(crate) tag: Option<String>,
    /// Whether the run fails.
    pub(crate) fails: bool,
}

impl Identity {
    /// The same for every run.
    pub(crate) fn alike() -> Self {
        Self {
            agent: "researcher".into(),
            model: "gpt-4o-mini".into(),
            session: "bench".into(),
            user: None,
            tag: None,
            fails: false,
        }
    }

    /// As a busy installation has them: few agents, models and tags, thousands of users, a session for every four runs.
    pub(crate) fn varied(random: &mut Random) -> Self {
        const MODELS: [&str; 4] = ["gpt-4o-mini", "gpt-4.1", "claude-sonnet-4-5", "gemini-2.5-flash"];
        let user = random.below(5_000);
        Self {
            agent: format!("agent-{:02}", random.below(6) * random.below(6)),
            model: MODELS[random.below(MODELS.len())].into(),
            session: format!("session-{user}-{}", random.below(8)),
            user: Some(format!("user-{user}")),
            tag: (random.below(3) == 0).then(|| format!("tag-{}", random.below(20))),
            fails: random.below(20) == 0,
        }
    }
}

/// How long a tool takes.
const TOOL_NS: u64 = 200_000_000;

/// The spans of one run, in the order in which they end.
pub(crate) fn run(
    prose: &Prose,
    random: &mut Random,
    shape: Shape,
    who: &Identity,
    now_ns: u64,
) -> Vec<Span> {
    let trace_id: Vec<u8> = [random.next().to_be_bytes(), random.next().to_be_bytes()].concat();
    let root_id = random.next().to_be_bytes().to_vec();
    let mut spans = Vec::with_capacity(shape.spans());
    let system = message("system", prose.piece(random, shape.message_bytes));
    let question = prose.piece(random, shape.message_bytes).to_owned();
    let mut history = vec![message("user", &question)];
    let mut at = now_ns;
    let mut answer = String::new();
    for turn in 0..shape.turns {
        let said = prose.piece(random, shape.message_bytes / 20).to_owned();
        let calls: Vec<(String, String)> = (0..2)
            .map(|_| (format!("call_{:016x}", random.next()), prose.piece(random, 60).to_owned()))
            .collect();
        let last = turn + 1 == shape.turns;
        let output = if last { message("assistant", &said) } else { assistant(&said, &calls) };
        let shown = if shape.window == 0 { 0 } else { history.len().saturating_sub(shape.window) };
        let input = format!(
            "[{}]",
            [&system].into_iter().chain(&history[shown..]).map(String::as_str).collect::<Vec<_>>().join(",")
        );
        let tokens = (input.len() / 4) as i64;
        let span_id = random.next();
        spans.push(span(
            &trace_id,
            span_id,
            &root_id,
            &format!("chat {}", who.model),
            3,
            at,
            800_000_000,
            vec![
                text("gen_ai.operation.name", "chat"),
                text("gen_ai.provider.name", "openai"),
                text("gen_ai.request.model", &who.model),
                text("gen_ai.response.model", &who.model),
                text("gen_ai.response.id", &format!("chatcmpl-{:016x}", random.next())),
                text("gen_ai.conversation.id", &who.session),
                number("gen_ai.usage.input_tokens", tokens),
                number("gen_ai.usage.output_tokens", (output.len() / 4) as i64),
                number("gen_ai.usage.cache_read.input_tokens", tokens / 2),
                text("gen_ai.input.messages", &input),
                text("gen_ai.output.messages", &format!("[{output}]")),
            ],
        ));
        at += 900_000_000;
        history.push(output);
        answer = said;
        if last {
            break;
        }
        for (id, query) in &calls {
            let result = prose.piece(random, shape.message_bytes).to_owned();
            let tool_id = random.next();
            below(&mut spans, random, shape.below, &trace_id, tool_id, at);
            spans.push(span(
                &trace_id,
                tool_id,
                &root_id,
                "execute_tool search_docs",
                1,
                at,
                TOOL_NS,
                vec![
                    text("gen_ai.operation.name", "execute_tool"),
                    text("gen_ai.tool.name", "search_docs"),
                    text("gen_ai.tool.type", "function"),
                    text("gen_ai.tool.call.id", id),
                    text("gen_ai.tool.call.arguments", &format!("{{\"query\":\"{query}\"}}")),
                    text("gen_ai.tool.call.result", &result),
                ],
            ));
            at += 250_000_000;
            history.push(format!(
                "{{\"role\":\"tool\",\"parts\":[{{\"type\":\"tool_call_response\",\"id\":\"{id}\",\"response\":\"{result}\"}}]}}"
            ));
        }
    }
    let mut attributes = vec![
        text("gen_ai.operation.name", "invoke_agent"),
        text("gen_ai.agent.name", &who.agent),
        text("gen_ai.input.messages", &format!("[{}]", message("user", &question))),
        text("gen_ai.output.messages", &format!("[{}]", message("assistant", &answer))),
    ];
    attributes.extend(who.user.as_ref().map(|user| text("user.id", user)));
    attributes.extend(who.tag.as_ref().map(|tag| text("tag.tags", &format!("[\"{tag}\"]"))));
    let name = format!("invoke_agent {}", who.agent);
    let mut root = span(&trace_id, 1, &[], &name, 1, now_ns, at - now_ns, attributes);
    root.span_id = root_id;
    if who.fails {
        root.status = Some(Status { code: StatusCode::Error as i32, message: "the tool is down".into() });
    }
    spans.push(root);
    spans
}

/// The calls that a tool makes to other services, one after the other.
fn below(spans: &mut Vec<Span>, random: &mut Random, count: usize, trace_id: &[u8], tool_id: u64, from: u64) {
    let share = TOOL_NS / count.max(1) as u64;
    for n in 0..count as u64 {
        spans.push(span(
            trace_id,
            random.next(),
            &tool_id.to_be_bytes(),
            "GET /documents",
            3,
            from + n * share,
            share,
            vec![text("http.request.method", "GET"), number("http.response.status_code", 200)],
        ));
    }
}

/// An export request for these spans of a service.
pub(crate) fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", service), text("service.version", "1.0.0")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: "bench".into(), ..InstrumentationScope::default() }),
                spans,
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    }
}

fn message(role: &str, content: &str) -> String {
    format!("{{\"role\":\"{role}\",\"parts\":[{{\"type\":\"text\",\"content\":\"{content}\"}}]}}")
}

fn assistant(said: &str, calls: &[(String, String)]) -> String {
    let calls = calls.iter().fold(String::new(), |mut out, (id, query)| {
        let _ = write!(out, ",{{\"type\":\"tool_call\",\"id\":\"{id}\",\"name\":\"search_docs\",\"arguments\":{{\"query\":\"{query}\"}}}}");
        out
    });
    format!(
        "{{\"role\":\"assistant\",\"parts\":[{{\"type\":\"text\",\"content\":\"{said}\"}}{calls}],\"finish_reason\":\"tool_call\"}}"
    )
}

#[expect(clippy::too_many_arguments, reason = "one span from its fields")]
fn span(
    trace_id: &[u8],
    span_id: u64,
    parent: &[u8],
    name: &str,
    kind: i32,
    start: u64,
    duration: u64,
    attributes: Vec<KeyValue>,
) -> Span {
    Span {
        trace_id: trace_id.to_vec(),
        span_id: span_id.to_be_bytes().to_vec(),
        parent_span_id: parent.to_vec(),
        name: name.to_owned(),
        kind,
        start_time_unix_nano: start,
        end_time_unix_nano: start + duration,
        attributes,
        flags: 0x101,
        ..Span::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_the_spans_that_its_shape_says() {
        let prose = Prose::new(1 << 16);
        for (below, spans) in [(0, 100), (8, 1000)] {
            let shape = Shape { turns: 1, window: 4, message_bytes: 100, below }.with_spans(spans);
            let made = run(&prose, &mut Random::new(1), shape, &Identity::alike(), 0);
            assert_eq!(made.len(), shape.spans());
            assert!(made.len() <= spans && spans - made.len() < shape.turn_spans());
        }
    }
}
