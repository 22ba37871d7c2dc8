//! One step whole: its content, and everything that it was sent with.

use crate::{Answers, Result, cost, json, step, telemetry::Telemetry, wire::sent_as_null};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::Value as Json;
use turnscope_api::{Event, Link, Log, Scope, StepData, StepFacts};
use turnscope_insight::cost::PriceList;
use turnscope_model::Facts;
use turnscope_otlp::{messages::mark_injected, to_json};
use turnscope_project::TraceGroup;

impl Answers {
    /// One step of a run whole.
    pub fn step(&self, run: &str, step_id: &str) -> Result<StepData> {
        self.about_run_with_contents(run, |reader, found, fetched| {
            let index = step::find(&found.group, found.index, step_id)?;
            let mut telemetry = Telemetry::new(reader, &found.group, fetched);
            data(&mut telemetry, &found.group, &self.prices, index)
        })
    }
}

pub(crate) fn data(
    telemetry: &mut Telemetry<'_>,
    group: &TraceGroup,
    prices: &PriceList,
    index: usize,
) -> Result<StepData> {
    let (sent, mut content) = telemetry.sent_with_content(index)?;
    mark_injected(&mut content.input);
    let scope = sent.origin.as_ref().and_then(|origin| origin.scope_spans.first()?.scope.as_ref());
    let span = sent.span.as_ref();
    let sent_as_null = sent_as_null(&[
        ("arguments", &content.arguments),
        ("result", &content.result),
        ("input_value", &content.input_value),
        ("output_value", &content.output_value),
    ]);
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
            let event = |event: &opentelemetry_proto::tonic::trace::v1::span::Event| Event {
                name: event.name.clone(),
                at: event.time_unix_nano as f64 / 1e6,
                attributes: json::attributes(&event.attributes),
            };
            span.events.iter().map(event).collect()
        }),
        links: span.map_or_else(Vec::new, |span| {
            let link = |link: &opentelemetry_proto::tonic::trace::v1::span::Link| Link {
                trace_id: hex::encode(&link.trace_id),
                span_id: hex::encode(&link.span_id),
                attributes: json::attributes(&link.attributes),
            };
            span.links.iter().map(link).collect()
        }),
        logs: sent.logs.iter().map(log).collect(),
        system: content.system,
        input: content.input,
        output: content.output,
        tool_definitions: content.tool_definitions,
        arguments: content.arguments,
        result: content.result,
        input_value: content.input_value,
        output_value: content.output_value,
        sent_as_null,
        documents: content.documents,
        parameters: content.parameters,
        facts: facts(group, index),
        cost: cost::call_of_step(group, prices, index),
        raw: span.map(to_json::span),
    })
}

fn facts(group: &TraceGroup, index: usize) -> StepFacts {
    let facts = || group.records_of_step(index).map(|record| &*record.facts);
    let first = |of: fn(&Facts) -> Option<&String>| facts().find_map(of).cloned();
    StepFacts {
        request_model: first(|facts| facts.request_model.as_ref()),
        response_model: first(|facts| facts.response_model.as_ref()),
        response_id: first(|facts| facts.response_id.as_ref()),
        finish_reason: first(|facts| facts.finish_reason.as_ref()),
        time_to_first_chunk_ms: facts()
            .find_map(|facts| facts.time_to_first_chunk_ns)
            .map(|ns| ns as f64 / 1e6),
        streaming: facts().find_map(|facts| facts.streaming),
        agent_name: first(|facts| facts.agent_name.as_ref()),
        service_tier: first(|facts| facts.service_tier.as_ref()),
        session_id: first(|facts| facts.session_id.as_ref()),
        user_id: first(|facts| facts.user_id.as_ref()),
        prompt_id: first(|facts| facts.prompt_id.as_ref()),
        prompt_version: first(|facts| facts.prompt_version.as_ref()),
        redacted: facts().map(|facts| facts.redacted).fold(0, u32::saturating_add),
        dropped: facts().map(|facts| facts.dropped).fold(0, u32::saturating_add),
        invalid_utf8: facts().any(|facts| facts.invalid_utf8),
        clamped: facts().any(|facts| facts.clamped),
        implausible_count: facts().any(|facts| facts.implausible_count),
        contents_deleted: facts().any(|facts| facts.contents_deleted),
    }
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
