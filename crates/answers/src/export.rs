//! A run taken out: everything of it, importable again, or as plain OTLP/JSON.

use crate::{
    Answers, Result,
    external::Fetched,
    telemetry::{Restored, Telemetry, restore},
    timeline::steps_of,
    wire::{wire_run, wire_score},
};
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    trace::v1::{ResourceSpans, Span},
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use turnscope_model::RunId;
use turnscope_otlp::to_json;
use turnscope_project::TraceGroup;
use turnscope_store::Reader;

/// Records whose bodies are read at once.
const AT_ONCE: usize = 500;

impl Answers {
    /// Everything of a run, its child runs and the spans above it, as OTLP/JSON.
    pub fn export_otlp(&self, run: &str) -> Result<Json> {
        self.about_run(run, |reader, found| otlp(reader, &found.group, found.index))
    }

    /// The same with what was derived, and with scores and tags: it can be imported again.
    pub fn export(&self, run: &str) -> Result<Json> {
        self.about_run(run, |reader, found| {
            let group = &found.group;
            let otlp = otlp(reader, group, found.index)?;
            let mut runs = vec![wire(&wire_run(&found.run, self.moment))];
            runs.extend(reader.descendants(&found.run)?.iter().map(|run| wire(&wire_run(run, self.moment))));
            let within = group.projection.runs.iter().enumerate();
            let within = within.filter(|(index, _)| group.is_within(*index, found.index));
            let ids: Vec<RunId> = within.map(|(_, run)| run.run_id).collect();
            let scores: Vec<Json> =
                reader.scores(&ids)?.into_iter().map(|score| wire(&wire_score(score))).collect();
            Ok(json!({ "format": "turnscope/1", "runs": runs, "scores": scores, "tags": found.run.tags,
                "otlp": otlp }))
        })
    }
}

fn otlp(reader: &mut dyn Reader, group: &TraceGroup, run: usize) -> Result<Json> {
    // By origin, so that each resource and scope is written once.
    let mut spans: BTreeMap<Vec<u8>, Vec<Span>> = BTreeMap::new();
    let mut logs: BTreeMap<Vec<u8>, Vec<LogRecord>> = BTreeMap::new();
    let fetched = Fetched::default();
    for steps in steps_of(group, run, true).chunks(AT_ONCE) {
        let mut telemetry = Telemetry::new(reader, group, &fetched);
        telemetry.load(steps.iter().copied())?;
        for record in steps.iter().flat_map(|step| group.records_of_step(*step)) {
            let stored = telemetry.body(record)?;
            let span = match restore(record, stored)? {
                Restored::Span(span) => span,
                Restored::Log(log) => {
                    logs.entry(stored.origin.to_vec()).or_default().push(log);
                    continue;
                }
            };
            let same_origin = spans.entry(stored.origin.to_vec()).or_default();
            let is_same = |other: &Span| other.span_id == span.span_id && other.trace_id == span.trace_id;
            if !same_origin.iter().any(is_same) {
                same_origin.push(span);
            }
        }
    }
    let resource_spans = spans.into_iter().map(|(origin, spans)| {
        let spans: Vec<Json> = spans.iter().map(to_json::span).collect();
        under_origin(&origin, "scopeSpans", "spans", &spans)
    });
    let resource_logs = logs.into_iter().map(|(origin, logs)| {
        let logs: Vec<Json> = logs.iter().map(to_json::log).collect();
        under_origin(&origin, "scopeLogs", "logRecords", &logs)
    });
    Ok(
        json!({ "resourceSpans": resource_spans.collect::<Vec<_>>(), "resourceLogs": resource_logs.collect::<Vec<_>>() }),
    )
}

/// Records under their resource and scope, with the keys of their signal.
fn under_origin(origin: &[u8], scopes: &str, name: &str, records: &[Json]) -> Json {
    let origin: ResourceSpans = prost::Message::decode(origin).unwrap_or_default();
    let scope = origin.scope_spans.into_iter().next().unwrap_or_default();
    json!({ "resource": to_json::resource(origin.resource.as_ref()), "schemaUrl": origin.schema_url,
        scopes: [{ "scope": to_json::scope(scope.scope.as_ref()), "schemaUrl": scope.schema_url, name: records }] })
}

fn wire(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
