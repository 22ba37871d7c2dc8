//! One step whole: its content, and everything that it was sent with.

use super::{cost, json, sent, step::hex};
use crate::content_stores::ContentStores;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use turnscope_insight::cost::PriceList;
use turnscope_model::{Message, Part};
use turnscope_store::{Reader, StoreError, query::UnitView};

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
/// One step whole.
pub(crate) fn data(
    reader: &mut Reader,
    view: &UnitView,
    prices: &PriceList,
    places: &ContentStores,
    index: usize,
) -> Result<StepData, StoreError> {
    let step = &view.projection.steps[index];
    let (sent, content) = sent::with_content(reader, view, places, index)?;
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
