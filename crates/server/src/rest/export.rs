//! A run taken out: everything of it, importable again, or as plain OTLP/JSON; and its summary in words.

use super::{
    problem::Problem,
    sent,
    timeline::{not_one, to_json, wanted, with_run},
    wire::Run,
};
use crate::{content_stores::ContentStores, state::App};
use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as AnyJson, json};
use std::{collections::BTreeMap, sync::Arc};
use turnscope_otlp::cut;
use turnscope_store::{Reader, StoreError, query::UnitView};

/// How a run is exported.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ExportQuery {
    /// `turnscope` (default: with scores, importable again) or `otlp` (OTLP/JSON, `resourceSpans` and `resourceLogs`).
    format: Option<String>,
}

/// Everything of a run, its child runs and the spans above it.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Json<AnyJson>, Problem> {
    let plain = match query.format.as_deref() {
        None | Some("turnscope") => false,
        Some("otlp") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!("there is no format {other:?}"))
                .detail("take otlp, or leave it out"));
        }
    };
    let moment = app.moment();
    let (found, reply) = with_run(&app, id.clone(), move |reader, run, view, index| {
        let otlp = otlp(reader, view, index)?;
        if plain {
            return Ok(otlp);
        }
        let mut runs = vec![to_json(&Run::of(run, moment))];
        let mut scores = Vec::new();
        for below in reader.descendants(run)? {
            runs.push(to_json(&Run::of(&below, moment)));
        }
        for member in view.projection.runs.iter().enumerate().filter(|(i, _)| view.is_within(*i, index)) {
            for score in reader.scores(member.1.run_id)? {
                scores.push(to_json(&super::scores::Score::from(score)));
            }
        }
        Ok(json!({ "format": "turnscope/1", "runs": runs, "scores": scores, "tags": run.tags, "otlp": otlp }))
    })
    .await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

fn otlp(reader: &mut Reader, view: &UnitView, run: usize) -> Result<AnyJson, StoreError> {
    // By origin, so that each resource and scope is written once.
    let mut spans: BTreeMap<Vec<u8>, Vec<Span>> = BTreeMap::new();
    let mut logs: BTreeMap<Vec<u8>, Vec<LogRecord>> = BTreeMap::new();
    for place in wanted(view, run, true) {
        let step = &view.projection.steps[place];
        for &node in step.node.iter().chain(&step.joined) {
            let node = &view.nodes[node];
            let origin = reader.origin(node.row)?;
            let body = reader.body(node.row)?;
            let known = sent::known(node);
            let damaged = |error: cut::RestoreError| StoreError::Damaged(error.to_string());
            if !cut::is_span(&body, &node.role) {
                let log = cut::restore_log(&body, &known).map_err(damaged)?;
                logs.entry(origin).or_default().push(log);
                continue;
            }
            let span = cut::restore_span(&body, &known).map_err(damaged)?;
            let group = spans.entry(origin).or_default();
            if !group.iter().any(|other| other.span_id == span.span_id && other.trace_id == span.trace_id) {
                group.push(span);
            }
        }
    }
    let mut resource_spans = Vec::new();
    for (origin, spans) in spans {
        let (resource, scope, schema_url, scope_schema_url) = origin_json(&origin);
        resource_spans.push(json!({ "resource": resource, "schemaUrl": schema_url,
            "scopeSpans": [{ "scope": scope, "schemaUrl": scope_schema_url, "spans": spans }] }));
    }
    let mut resource_logs = Vec::new();
    for (origin, logs) in logs {
        let (resource, scope, schema_url, scope_schema_url) = origin_json(&origin);
        resource_logs.push(json!({ "resource": resource, "schemaUrl": schema_url,
            "scopeLogs": [{ "scope": scope, "schemaUrl": scope_schema_url, "logRecords": logs }] }));
    }
    Ok(json!({ "resourceSpans": resource_spans, "resourceLogs": resource_logs }))
}

fn origin_json(bytes: &[u8]) -> (AnyJson, AnyJson, String, String) {
    let origin: opentelemetry_proto::tonic::trace::v1::ResourceSpans =
        prost::Message::decode(bytes).unwrap_or_default();
    let scope = origin.scope_spans.into_iter().next().unwrap_or_default();
    (to_json(&origin.resource), to_json(&scope.scope), origin.schema_url, scope.schema_url)
}

/// How long a summary may be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct SummaryQuery {
    /// Roughly, at four characters a token; default 2000.
    max_tokens: Option<usize>,
}

/// The run in words, for a person or an agent.
pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<SummaryQuery>,
) -> Result<Response, Problem> {
    let max_chars = query.max_tokens.unwrap_or(2000).clamp(50, 100_000) * 4;
    let moment = app.moment();
    let (prices, places) = (app.prices.list(), Arc::clone(&app.places));
    let (found, reply) = with_run(&app, id.clone(), move |reader, run, view, index| {
        let mut run = run.clone();
        super::cost::at_todays_prices(view, &prices, std::iter::once(&mut run));
        let facts = facts(reader, &places, &run, view, index, moment)?;
        Ok(turnscope_insight::summary::summarise(&facts, max_chars))
    })
    .await?;
    let text = reply.ok_or_else(|| not_one(&id, found))?;
    Ok(([(http::header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn facts(
    reader: &mut Reader,
    places: &ContentStores,
    run: &turnscope_store::query::Run,
    view: &UnitView,
    index: usize,
    moment: turnscope_store::query::Moment,
) -> Result<turnscope_insight::summary::RunFacts, StoreError> {
    use turnscope_insight::summary::{RunFacts, ToolFacts, TurnFacts};
    let steps = &view.projection.steps;
    let mut turns = Vec::new();
    for turn in &view.projection.runs[index].turns {
        let said = match turn.llm_steps.last() {
            Some(&call) => {
                let output = sent::content(reader, view, places, call)?.output;
                output.iter().map(turnscope_model::Message::joined_text).collect::<Vec<_>>().join("\n")
            }
            None => String::new(),
        };
        let mut tools = Vec::new();
        for &tool in &turn.tool_steps {
            let content = sent::content(reader, view, places, tool)?;
            tools.push(ToolFacts {
                name: steps[tool].tool_name.clone().unwrap_or_else(|| steps[tool].name.clone()),
                arguments: content.arguments.or(content.input_value).map(|json| plain(&json)),
                result: content.result.or(content.output_value).map(|json| plain(&json)),
                error: steps[tool]
                    .error
                    .as_ref()
                    .map(|error| error.message.clone().unwrap_or_else(|| error.r#type.clone())),
                verdict: steps[tool].verdict.map(|verdict| verdict.as_str().to_owned()),
                duration_ms: steps[tool].end.map(|end| end.saturating_sub(steps[tool].start) as f64 / 1e6),
            });
        }
        turns.push(TurnFacts {
            n: turn.n,
            said,
            tools,
            usage: turn.usage,
            duration_ms: turn.end.saturating_sub(turn.start) as f64 / 1e6,
            error: turn.error.as_ref().and_then(|error| error.message.clone()),
        });
    }
    let (status, reason) = run.status(moment.now_ms, moment.silence_ms);
    Ok(RunFacts {
        run_id: run.run_id.to_string(),
        name: run.name.clone(),
        service_name: run.service_name.clone(),
        status: status.as_str().to_owned(),
        status_reason: reason,
        duration_ms: run.duration as f64 / 1e6,
        usage: run.usage,
        models: run.models.clone(),
        llm_calls: run.llm_call_count,
        tool_calls: run.tool_call_count,
        errors: run.error_count,
        cost_usd: run.costs.cost.map(super::wire::usd),
        error: run.error.as_ref().map(|error| error.message.clone().unwrap_or_else(|| error.r#type.clone())),
        input: run.input_preview.clone(),
        output: run.output_preview.clone(),
        session_id: run.session_id.clone(),
        user_id: run.user_id.clone(),
        turns,
    })
}

fn plain(json: &AnyJson) -> String {
    match json {
        AnyJson::String(text) => text.clone(),
        other => other.to_string(),
    }
}
