//! Steps on the wire: the narrow row that lists and trees show, and one step whole.

use super::{cost, json, problem::Problem, wire};
use crate::elsewhere::Places;
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use turnscope_insight::cost::PriceList;
use turnscope_model::{Message, Part, Role};
use turnscope_otlp::{
    cut,
    messages::{self, Content},
};
use turnscope_store::{
    Reader, StoreError,
    project::{Node, StepView},
    query::UnitView,
};

/// One step, without content.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Step {
    pub(crate) step_id: String,
    pub(crate) span_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) parent_step_id: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) turn: Option<u64>,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// `running`, `ok` or `error`.
    pub(crate) status: String,
    pub(crate) started_at: i64,
    /// From the start of the run that was asked for (of the trace, in a trace), with fractions.
    pub(crate) start_offset_ms: f64,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) depth: u32,
    pub(crate) agent_name: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) tool_name: Option<String>,
    pub(crate) tool_call_id: Option<String>,
    pub(crate) verdict: Option<VerdictInfo>,
    pub(crate) usage: Option<Usage>,
    /// Of a call our own figure (tokens × price), else the client's; of other steps only what the client says.
    pub(crate) cost_usd: Option<f64>,
    /// Whether it counts in the run's figures; a second report of the same call does not.
    pub(crate) counted: bool,
    pub(crate) error: Option<wire::ErrorInfo>,
    pub(crate) has_data: bool,
    /// It lies above the run.
    pub(crate) outer: bool,
    pub(crate) service_name: Option<String>,
    pub(crate) dialect: Option<String>,
    /// The step whole, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Box<StepData>>,
}

/// Tokens; unknown is null.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl Usage {
    pub(crate) fn of(usage: &turnscope_model::Usage) -> Option<Self> {
        (!usage.is_unknown()).then_some(Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        })
    }
}

/// What a policy gate said of a tool call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct VerdictInfo {
    /// `allow`, `deny` or `hitl`.
    pub(crate) verdict: String,
    /// `approved`, `rejected` or null.
    pub(crate) resolution: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) risk_tier: Option<String>,
}

/// Steps after a tool call among which the gates below it are looked for.
const NEARBY: usize = 64;

impl VerdictInfo {
    /// What the step itself says, else its gate, else the gates below it: a human may answer in a span of its own.
    pub(crate) fn of(view: &UnitView, index: usize, verdict: turnscope_model::Verdict) -> Self {
        let steps = &view.projection.steps;
        let below = steps
            .iter()
            .skip(index + 1)
            .take(NEARBY)
            .filter(|step| step.parent == Some(index) && step.kind == turnscope_model::Kind::Policy);
        let gate = steps[index].gate.map(|gate| &steps[gate]);
        let said: Vec<&turnscope_model::Facts> =
            std::iter::once(&steps[index]).chain(gate).chain(below).map(|step| &*step.facts).collect();
        let first = |of: fn(&turnscope_model::Facts) -> Option<&String>| {
            said.iter().find_map(|facts| of(facts)).cloned()
        };
        let resolution = said.iter().find_map(|facts| facts.resolution);
        // Who decided and why belong to the answer, where there is one.
        let answered = said.iter().find(|facts| facts.resolution.is_some());
        Self {
            verdict: verdict.as_str().to_owned(),
            resolution: resolution.map(|resolution| resolution.as_str().to_owned()),
            decided_by: answered
                .and_then(|facts| facts.decided_by.clone())
                .or_else(|| first(|facts| facts.decided_by.as_ref())),
            reason: first(|facts| facts.reason.as_ref()),
            risk_tier: first(|facts| facts.risk_tier.as_ref()),
        }
    }
}

impl Step {
    pub(crate) fn of(view: &UnitView, prices: &PriceList, index: usize, zero: u64) -> Self {
        let step = &view.projection.steps[index];
        let node = step.node.map(|node| &view.nodes[node]);
        let nodes = || step.node.iter().chain(&step.joined).map(|node| &view.nodes[*node].facts);
        let first =
            |of: fn(&turnscope_model::Facts) -> Option<&String>| nodes().find_map(|facts| of(facts)).cloned();
        let verdict = step.verdict.map(|verdict| VerdictInfo::of(view, index, verdict));
        Self {
            step_id: step.step_id.to_string(),
            span_id: node.filter(|node| is_span(node)).and_then(|node| node.span_id).map(|id| id.to_string()),
            trace_id: node.and_then(|node| node.trace_id).map(|id| id.to_string()),
            parent_step_id: step.parent.map(|parent| view.projection.steps[parent].step_id.to_string()),
            run_id: step.run.map(|run| view.projection.runs[run].run_id.to_string()),
            turn: step.turn,
            kind: step.kind.as_str().to_owned(),
            name: step.name.clone(),
            status: match step.status {
                turnscope_model::StepStatus::Running => "running",
                turnscope_model::StepStatus::Ok => "ok",
                turnscope_model::StepStatus::Error => "error",
            }
            .to_owned(),
            started_at: (step.start / 1_000_000) as i64,
            start_offset_ms: (step.start as i64).wrapping_sub(zero as i64) as f64 / 1e6,
            duration_ms: step.end.map(|end| wire::ms(end.saturating_sub(step.start) as i64)),
            depth: step.depth,
            agent_name: first(|facts| facts.agent_name.as_ref()),
            model: first(|facts| facts.request_model.as_ref())
                .or_else(|| first(|facts| facts.response_model.as_ref())),
            provider: first(|facts| facts.provider.as_ref()),
            tool_name: step.tool_name.clone(),
            tool_call_id: step.tool_call_id.clone(),
            verdict,
            usage: Usage::of(&step.usage),
            cost_usd: match cost::step_costs(step, prices) {
                Some(costs) => costs.cost,
                None => nodes().find_map(|facts| facts.reported_cost),
            }
            .map(wire::usd),
            counted: step.counted,
            error: step.error.as_ref().map(wire::ErrorInfo::from),
            has_data: step.node.is_some() || step.requested_by.is_some(),
            outer: step.outer,
            service_name: node.map(|node| node.service_name.to_string()).filter(|name| !name.is_empty()),
            dialect: node.map(|node| node.facts.dialect.clone()).filter(|name| !name.is_empty()),
            data: None,
        }
    }
}

fn is_span(node: &Node) -> bool {
    matches!(node.role, Role::Span | Role::Open)
}

/// One step whole.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct StepData {
    pub(crate) attributes: Map<String, Json>,
    pub(crate) resource: Map<String, Json>,
    pub(crate) scope: Option<Scope>,
    pub(crate) events: Vec<Event>,
    pub(crate) links: Vec<Link>,
    /// Log records that name this span.
    pub(crate) logs: Vec<Log>,
    /// The system prompt, where it stands apart from the messages: parts as in the GenAI conventions.
    #[schemars(with = "Vec<Json>")]
    pub(crate) system: Vec<Part>,
    /// The messages that the call was sent.
    #[schemars(with = "Vec<Json>")]
    pub(crate) input: Vec<Message>,
    /// What came out.
    #[schemars(with = "Vec<Json>")]
    pub(crate) output: Vec<Message>,
    #[schemars(with = "Vec<Json>")]
    pub(crate) tool_definitions: Vec<turnscope_model::ToolDefinition>,
    /// A tool call's arguments.
    pub(crate) arguments: Option<Json>,
    /// A tool call's result.
    pub(crate) result: Option<Json>,
    /// Input that is no list of messages.
    pub(crate) input_value: Option<Json>,
    /// Output that is no list of messages.
    pub(crate) output_value: Option<Json>,
    pub(crate) documents: Vec<Json>,
    /// Request parameters.
    pub(crate) parameters: Map<String, Json>,
    pub(crate) facts: StepFacts,
    /// How its cost comes about; null where it is no call that counts.
    pub(crate) cost: Option<cost::CallCost>,
    /// The span as OTLP/JSON, exactly as it was sent; null for a synthesised step.
    pub(crate) raw: Option<Json>,
}

/// What was found when the span arrived and has no place of its own above.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct StepFacts {
    pub(crate) request_model: Option<String>,
    pub(crate) response_model: Option<String>,
    pub(crate) response_id: Option<String>,
    pub(crate) finish_reason: Option<String>,
    pub(crate) time_to_first_chunk_ms: Option<f64>,
    pub(crate) streaming: Option<bool>,
    pub(crate) agent_name: Option<String>,
    /// The provider's tier of service.
    pub(crate) service_tier: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) prompt_id: Option<String>,
    pub(crate) prompt_version: Option<String>,
    /// Values that were redacted at receipt.
    pub(crate) redacted: u32,
    /// Attributes, events and links that the SDK says it dropped.
    pub(crate) dropped: u32,
    /// A string held bytes that are no UTF-8.
    pub(crate) invalid_utf8: bool,
    /// The end came before the start.
    pub(crate) clamped: bool,
}

/// An instrumentation scope.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Scope {
    name: String,
    version: String,
}

/// An event of a span.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Event {
    name: String,
    /// Milliseconds since the epoch.
    at: f64,
    attributes: Map<String, Json>,
}

/// A link of a span.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Link {
    trace_id: String,
    span_id: String,
    attributes: Map<String, Json>,
}

/// A log record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Log {
    name: String,
    /// Milliseconds since the epoch.
    at: f64,
    severity: String,
    body: Json,
    attributes: Map<String, Json>,
}

/// Everything that a step was sent with.
pub(crate) struct Sent {
    pub(crate) span: Option<Span>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) origin: Option<opentelemetry_proto::tonic::trace::v1::ResourceSpans>,
}

/// Reads what a step was sent with.
pub(crate) fn sent(reader: &mut Reader, view: &UnitView, step: &StepView) -> Result<Sent, StoreError> {
    let mut out = Sent { span: None, logs: Vec::new(), origin: None };
    for &index in step.node.iter().chain(&step.joined) {
        let node = &view.nodes[index];
        let body = reader.body(node.row)?;
        let known = known(node);
        let damaged = |error: cut::RestoreError| StoreError::Damaged(error.to_string());
        if !cut::is_span(&body, &node.role) {
            out.logs.push(cut::restore_log(&body, &known).map_err(damaged)?);
        } else if out.span.is_none() && Some(index) == step.node {
            out.span = Some(cut::restore_span(&body, &known).map_err(damaged)?);
        }
        if out.origin.is_none() {
            let bytes = reader.origin(node.row)?;
            out.origin = prost::Message::decode(&bytes[..]).ok();
        }
    }
    Ok(out)
}

/// What restoring a body needs to know of its record.
pub(crate) fn known(node: &Node) -> cut::Known {
    cut::Known {
        trace_id: node.trace_id,
        span_id: node.span_id,
        parent_span_id: node.parent_span_id,
        start: node.start,
        end: node.end,
    }
}

/// The canonical content of a step.
pub(crate) fn content(
    reader: &mut Reader,
    view: &UnitView,
    places: &Places,
    index: usize,
) -> Result<Content, StoreError> {
    let step = &view.projection.steps[index];
    if step.node.is_none() {
        return synthesised(reader, view, places, index);
    }
    let sent = sent(reader, view, step)?;
    completed(reader, view, places, index, content_of(&sent, places, step))
}

/// A tool's span may be silent about its arguments or its result, or print them: then they are taken from the
/// messages, as for a call without a span.
fn completed(
    reader: &mut Reader,
    view: &UnitView,
    places: &Places,
    index: usize,
    mut content: Content,
) -> Result<Content, StoreError> {
    let is_structured = content.arguments.as_ref().is_some_and(|json| json.is_object() || json.is_array());
    if view.projection.steps[index].requested_by.is_some() && !(is_structured && content.result.is_some()) {
        let said = synthesised(reader, view, places, index)?;
        if !is_structured {
            content.arguments = said.arguments.or(content.arguments);
        }
        content.result = content.result.or(said.result);
    }
    Ok(content)
}

fn content_of(sent: &Sent, places: &Places, step: &StepView) -> Content {
    match (&sent.span, sent.logs.split_first()) {
        (Some(span), _) => {
            let fetched = messages::fetched(span, step.kind, |address| places.fetch(address));
            Content::of_span(fetched.as_ref().unwrap_or(span), &sent.logs, step.kind)
        }
        (None, Some((first, rest))) => {
            let mut content = Content::of_log(first, step.kind);
            for log in rest {
                let more = Content::of_log(log, step.kind);
                content.system.extend(more.system);
                content.input.extend(more.input);
                content.output.extend(more.output);
                content.arguments = content.arguments.or(more.arguments);
                content.result = content.result.or(more.result);
                content.input_value = content.input_value.or(more.input_value);
                content.output_value = content.output_value.or(more.output_value);
            }
            content
        }
        (None, None) => Content::default(),
    }
}

/// In so many later calls the result of a tool is looked for: the next one should tell it.
const LATER: usize = 16;

/// A tool call without a span: its arguments stand in the answer that asked for it, its result in a later call's messages.
fn synthesised(
    reader: &mut Reader,
    view: &UnitView,
    places: &Places,
    index: usize,
) -> Result<Content, StoreError> {
    let steps = &view.projection.steps;
    let step = &steps[index];
    let mut out = Content::default();
    let Some(asked) = step.requested_by else { return Ok(out) };
    let (id, name) = (step.tool_call_id.as_deref(), step.tool_name.as_deref());
    for message in &content(reader, view, places, asked)?.output {
        for part in &message.parts {
            if let Part::ToolCall { id: this, name: tool, arguments } = part
                && match (id, this) {
                    (Some(id), Some(this)) => id == this,
                    _ => Some(tool.as_str()) == name,
                }
            {
                out.arguments.clone_from(arguments);
            }
        }
    }
    let Some(id) = id else { return Ok(out) };
    let later = (asked + 1..steps.len())
        .filter(|later| steps[*later].node.is_some() && steps[*later].kind.is_model_call())
        .take(LATER);
    for later in later {
        if let Some(found) = response_to(&content(reader, view, places, later)?.input, id) {
            out.result = Some(found);
            return Ok(out);
        }
    }
    Ok(out)
}

/// What a tool answered to this call, as a later message says.
pub(crate) fn response_to(messages: &[Message], call: &str) -> Option<Json> {
    messages.iter().flat_map(|message| &message.parts).find_map(|part| match part {
        Part::ToolCallResponse { id, response } if id.as_deref() == Some(call) => Some(response.clone()),
        _ => None,
    })
}

/// One step whole.
pub(crate) fn data(
    reader: &mut Reader,
    view: &UnitView,
    prices: &PriceList,
    places: &Places,
    index: usize,
) -> Result<StepData, StoreError> {
    let step = &view.projection.steps[index];
    let (sent, content) = if step.node.is_some() {
        let sent = sent(reader, view, step)?;
        let content = completed(reader, view, places, index, content_of(&sent, places, step))?;
        (sent, content)
    } else {
        (Sent { span: None, logs: Vec::new(), origin: None }, synthesised(reader, view, places, index)?)
    };
    let nodes = || step.node.iter().chain(&step.joined).map(|node| &view.nodes[*node].facts);
    let first =
        |of: fn(&turnscope_model::Facts) -> Option<&String>| nodes().find_map(|facts| of(facts)).cloned();
    let facts = StepFacts {
        request_model: first(|facts| facts.request_model.as_ref()),
        response_model: first(|facts| facts.response_model.as_ref()),
        response_id: first(|facts| facts.response_id.as_ref()),
        finish_reason: first(|facts| facts.finish_reason.as_ref()),
        time_to_first_chunk_ms: nodes()
            .find_map(|facts| facts.time_to_first_chunk_ns)
            .map(|ns| ns as f64 / 1e6),
        streaming: nodes().find_map(|facts| facts.streaming),
        agent_name: first(|facts| facts.agent_name.as_ref()),
        service_tier: first(|facts| facts.service_tier.as_ref()),
        session_id: first(|facts| facts.session_id.as_ref()),
        user_id: first(|facts| facts.user_id.as_ref()),
        prompt_id: first(|facts| facts.prompt_id.as_ref()),
        prompt_version: first(|facts| facts.prompt_version.as_ref()),
        redacted: nodes().map(|facts| facts.redacted).sum(),
        dropped: nodes().map(|facts| facts.dropped).sum(),
        invalid_utf8: nodes().any(|facts| facts.invalid_utf8),
        clamped: nodes().any(|facts| facts.clamped),
    };
    let scope = sent.origin.as_ref().and_then(|origin| origin.scope_spans.first()?.scope.as_ref());
    let logs = sent.logs.iter().map(log).collect();
    let span = sent.span.as_ref();
    Ok(StepData {
        attributes: match span {
            Some(span) => json::attributes(&span.attributes),
            None => sent.logs.first().map(|log| json::attributes(&log.attributes)).unwrap_or_default(),
        },
        resource: sent
            .origin
            .as_ref()
            .and_then(|origin| origin.resource.as_ref())
            .map(|resource| json::attributes(&resource.attributes))
            .unwrap_or_default(),
        scope: scope.map(|scope| Scope { name: scope.name.clone(), version: scope.version.clone() }),
        events: span.map_or_else(Vec::new, |span| {
            span.events
                .iter()
                .map(|event| Event {
                    name: event.name.clone(),
                    at: event.time_unix_nano as f64 / 1e6,
                    attributes: json::attributes(&event.attributes),
                })
                .collect()
        }),
        links: span.map_or_else(Vec::new, |span| {
            span.links
                .iter()
                .map(|link| Link {
                    trace_id: hex(&link.trace_id),
                    span_id: hex(&link.span_id),
                    attributes: json::attributes(&link.attributes),
                })
                .collect()
        }),
        logs,
        system: content.system,
        input: content.input,
        output: content.output,
        tool_definitions: content.tool_definitions,
        arguments: content.arguments,
        result: content.result,
        input_value: content.input_value,
        output_value: content.output_value,
        documents: content.documents,
        parameters: content.parameters,
        facts,
        cost: cost::of_step(view, prices, index),
        raw: span.and_then(|span| serde_json::to_value(span).ok()),
    })
}

fn log(log: &LogRecord) -> Log {
    let time = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    Log {
        name: log.event_name.clone(),
        at: time as f64 / 1e6,
        severity: log.severity_text.clone(),
        body: log.body.as_ref().map_or(Json::Null, json::value),
        attributes: json::attributes(&log.attributes),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The step that a client asked for, or the problem that says why there is none.
pub(crate) fn find(view: &UnitView, run: usize, id: &str) -> Result<usize, Problem> {
    view.step_index(run, &turnscope_model::StepId::from_client(id)).ok_or_else(|| {
        Problem::not_found(format!("the run has no step {id}"))
            .detail("GET /v1/runs/{id}/timeline lists its steps")
    })
}
