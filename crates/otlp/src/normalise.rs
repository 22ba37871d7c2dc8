//! Protobuf types to records: facts are found, large values cut out, secrets redacted; nothing is rewritten.

use crate::{
    cut::{self, Known},
    dialects::{self, Signal, View},
    messages::{self, Previews},
    redact::Redactor,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use std::sync::Arc;
use turnscope_model::{Body, ContentHash, Facts, Form, Origin, Record, SpanId, Status, TraceId};

/// The records of one request, and what had to be left out.
#[derive(Debug, Default)]
pub struct Normalised {
    /// What is to be stored.
    pub records: Vec<Record>,
    /// How many spans or log records were left out.
    pub rejected: u64,
    /// Why: the first reason.
    pub rejection: Option<String>,
}

/// Makes records of a decoded export request for traces. Spans whose ids are no ids are left out and counted.
pub fn traces(request: ExportTraceServiceRequest, redactor: &Redactor) -> Normalised {
    let _ = redactor;
    let mut out = Normalised::default();
    for resource_spans in request.resource_spans {
        for scope_spans in resource_spans.scope_spans {
            let origin = origin(
                resource_spans.resource.as_ref(),
                &resource_spans.schema_url,
                scope_spans.scope.as_ref(),
                &scope_spans.schema_url,
            );
            for span in scope_spans.spans {
                match span_record(span, resource_spans.resource.as_ref(), &origin) {
                    Ok(record) => out.records.push(record),
                    Err(why) => {
                        out.rejected += 1;
                        out.rejection.get_or_insert(why);
                    }
                }
            }
        }
    }
    out
}

/// Makes records of a decoded export request for logs.
pub fn logs(request: ExportLogsServiceRequest, redactor: &Redactor) -> Normalised {
    let _ = redactor;
    let mut out = Normalised::default();
    for resource_logs in request.resource_logs {
        for scope_logs in resource_logs.scope_logs {
            let origin = origin(
                resource_logs.resource.as_ref(),
                &resource_logs.schema_url,
                scope_logs.scope.as_ref(),
                &scope_logs.schema_url,
            );
            for log in scope_logs.log_records {
                out.records.push(log_record(log, resource_logs.resource.as_ref(), &origin));
            }
        }
    }
    out
}

fn span_record(span: Span, resource: Option<&Resource>, origin: &Arc<Origin>) -> Result<Record, String> {
    let trace_id = TraceId::try_from(&span.trace_id[..]).map_err(|e| format!("span {:?}: {e}", span.name))?;
    let span_id = SpanId::try_from(&span.span_id[..]).map_err(|e| format!("span {:?}: {e}", span.name))?;
    let status = span.status.as_ref();
    let view = View {
        signal: Signal::Span,
        name: &span.name,
        span_kind: span.kind,
        attributes: &span.attributes,
        events: &span.events,
        links: &span.links,
        body: None,
        status: match status.map_or(0, |s| s.code) {
            1 => Status::Ok,
            2 => Status::Error,
            _ => Status::Unset,
        },
        status_message: status.map_or("", |s| &s.message),
        resource: resource.map_or(&[], |r| &r.attributes),
        service_name: &origin.service_name,
        scope_name: &origin.scope_name,
        trace_id: Some(trace_id),
        span_id: Some(span_id),
        parent_span_id: SpanId::try_from(&span.parent_span_id[..]).ok(),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
    };
    let status = view.status;
    let found = dialects::find(&view);
    let mut record = Record {
        role: found.role,
        trace_id: Some(trace_id),
        span_id: found.span_id,
        parent_span_id: found.parent_span_id,
        remote_parent: span.flags & 0x300 == 0x300,
        unit: found.unit,
        start: found.start,
        end: found.end,
        status,
        facts: found.facts,
        body: Body::default(),
        origin: Arc::clone(origin),
    };
    let known = Known::from(&record);
    let mut span = span;
    let values = cut::span_values(&mut span, record.facts.kind);
    let previews = messages::span_previews(&span, &values, record.facts.kind);
    take_previews(&mut record.facts, previews);
    record.body = cut::span_body(span, values, &known);
    record.facts.context = cut::context(&record.body.values);
    Ok(record)
}

fn log_record(log: LogRecord, resource: Option<&Resource>, origin: &Arc<Origin>) -> Record {
    let trace_id = TraceId::try_from(&log.trace_id[..]).ok();
    let time = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    let name = if log.event_name.is_empty() {
        text_attribute(&log.attributes, "event.name")
    } else {
        &log.event_name
    };
    let view = View {
        signal: Signal::Log,
        name,
        span_kind: 0,
        attributes: &log.attributes,
        events: &[],
        links: &[],
        body: log.body.as_ref(),
        status: Status::Unset,
        status_message: "",
        resource: resource.map_or(&[], |r| &r.attributes),
        service_name: &origin.service_name,
        scope_name: &origin.scope_name,
        trace_id,
        span_id: SpanId::try_from(&log.span_id[..]).ok(),
        parent_span_id: None,
        start: time,
        end: time,
    };
    let found = dialects::find(&view);
    let event = name.to_owned();
    let mut record = Record {
        role: found.role,
        trace_id,
        span_id: found.span_id,
        parent_span_id: found.parent_span_id,
        remote_parent: false,
        unit: found.unit,
        start: found.start,
        end: found.end,
        status: Status::Unset,
        facts: found.facts,
        body: Body::default(),
        origin: Arc::clone(origin),
    };
    let known = Known::from(&record);
    let mut log = log;
    let values = cut::log_values(&mut log, &event, record.facts.kind);
    let previews = messages::log_previews(&log, &values, record.facts.kind, &event);
    take_previews(&mut record.facts, previews);
    record.body = cut::log_body(log, values, &known);
    record.facts.context = cut::context(&record.body.values);
    record
}

/// What a dialect's table found stands.
fn take_previews(facts: &mut Facts, previews: Previews) {
    facts.input_text = facts.input_text.take().or(previews.input_text);
    facts.output_text = facts.output_text.take().or(previews.output_text);
    if facts.requested_tools.is_empty() {
        facts.requested_tools = previews.requested_tools;
    }
}

fn origin(
    resource: Option<&Resource>,
    resource_schema: &str,
    scope: Option<&InstrumentationScope>,
    scope_schema: &str,
) -> Arc<Origin> {
    let bytes = ResourceSpans {
        resource: resource.cloned(),
        scope_spans: vec![ScopeSpans {
            scope: scope.cloned(),
            spans: Vec::new(),
            schema_url: scope_schema.to_owned(),
        }],
        schema_url: resource_schema.to_owned(),
    }
    .encode_to_vec();
    Arc::new(Origin {
        service_name: resource.map_or("", |r| text_attribute(&r.attributes, "service.name")).to_owned(),
        scope_name: scope.map_or("", |s| &s.name).to_owned(),
        hash: ContentHash::of(Form::Bytes, &bytes),
        bytes,
    })
}

fn text_attribute<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    attributes
        .iter()
        .find(|kv| kv.key == key)
        .and_then(|kv| kv.value.as_ref())
        .and_then(|AnyValue { value }| match value {
            Some(any_value::Value::StringValue(text)) => Some(text.as_str()),
            _ => None,
        })
        .unwrap_or("")
}
