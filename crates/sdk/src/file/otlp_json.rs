//! Spans as lines of OTLP/JSON, as a Collector's file exporter writes them: each line is a request, with
//! everything that OTLP sends of a span. A line holds one span, so that damage costs no more. And back, into
//! finished spans.

use crate::finished::{FinishedEvent, FinishedLink, FinishedSpan, status_text};
use opentelemetry::{
    Array, KeyValue, SpanId, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use serde_json::{Value as Json, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Bits of a span's or link's flags: whether it is known that the parent is in another process, and whether it
/// is.
const REMOTE_IS_KNOWN: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// A span as one line, with its end.
pub(super) fn line(span: &SpanData, resource: &Resource) -> String {
    let scope = &span.instrumentation_scope;
    let of_scope = json!({
        "scope": {
            "name": scope.name(),
            "version": scope.version().unwrap_or_default(),
            "attributes": attributes(scope.attributes()),
        },
        "spans": [json_of(span)],
        "schemaUrl": scope.schema_url().unwrap_or_default(),
    });
    let of_resource =
        resource.iter().map(|(key, value)| json!({"key": key.as_str(), "value": any_value(value)}));
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": of_resource.collect::<Vec<_>>()},
        "scopeSpans": [of_scope],
        "schemaUrl": resource.schema_url().unwrap_or_default(),
    }]});
    format!("{request}\n")
}

fn json_of(span: &SpanData) -> Json {
    let context = &span.span_context;
    let remote = if span.parent_span_is_remote { IS_REMOTE } else { 0 };
    let events = span.events.iter().map(|event| {
        json!({
            "timeUnixNano": nanos(event.timestamp),
            "name": event.name,
            "attributes": attributes(&event.attributes),
            "droppedAttributesCount": event.dropped_attributes_count,
        })
    });
    let links = span.links.iter().map(|link| {
        let to = &link.span_context;
        let remote = if to.is_remote() { IS_REMOTE } else { 0 };
        json!({
            "traceId": to.trace_id().to_string(),
            "spanId": to.span_id().to_string(),
            "traceState": to.trace_state().header(),
            "attributes": attributes(&link.attributes),
            "droppedAttributesCount": link.dropped_attributes_count,
            "flags": u32::from(to.trace_flags().to_u8()) | REMOTE_IS_KNOWN | remote,
        })
    });
    let (code, message) = match &span.status {
        Status::Unset => (0, ""),
        Status::Ok => (1, ""),
        Status::Error { description } => (2, description.as_ref()),
    };
    json!({
        "traceId": context.trace_id().to_string(),
        "spanId": context.span_id().to_string(),
        "traceState": context.trace_state().header(),
        "parentSpanId": if span.parent_span_id == SpanId::INVALID { String::new() } else { span.parent_span_id.to_string() },
        "flags": u32::from(context.trace_flags().to_u8()) | REMOTE_IS_KNOWN | remote,
        "name": span.name,
        "kind": kind_number(&span.span_kind),
        "startTimeUnixNano": nanos(span.start_time),
        "endTimeUnixNano": nanos(span.end_time),
        "attributes": attributes(&span.attributes),
        "droppedAttributesCount": span.dropped_attributes_count,
        "events": events.collect::<Vec<_>>(),
        "droppedEventsCount": span.events.dropped_count,
        "links": links.collect::<Vec<_>>(),
        "droppedLinksCount": span.links.dropped_count,
        "status": {"code": code, "message": message},
    })
}

fn attributes<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> Vec<Json> {
    let each = attributes.into_iter();
    each.map(|KeyValue { key, value, .. }| json!({"key": key.as_str(), "value": any_value(value)})).collect()
}

fn any_value(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!({"boolValue": value}),
        Value::I64(value) => json!({"intValue": value.to_string()}),
        Value::F64(value) => double(*value),
        Value::String(text) => json!({"stringValue": text.as_str()}),
        Value::Array(array) => {
            let values: Vec<Json> = match array {
                Array::Bool(values) => values.iter().map(|value| json!({"boolValue": value})).collect(),
                Array::I64(values) => {
                    values.iter().map(|value| json!({"intValue": value.to_string()})).collect()
                }
                Array::F64(values) => values.iter().copied().map(double).collect(),
                Array::String(values) => {
                    values.iter().map(|text| json!({"stringValue": text.as_str()})).collect()
                }
                _ => Vec::new(),
            };
            json!({"arrayValue": {"values": values}})
        }
        other => json!({"stringValue": other.as_str()}),
    }
}

/// JSON has no number for NaN and the infinities; protobuf's JSON has texts.
fn double(value: f64) -> Json {
    if value.is_finite() {
        return json!({"doubleValue": value});
    }
    let name = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    json!({"doubleValue": name})
}

fn nanos(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

const fn kind_number(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// The spans of a line: of a request, or one in the form of earlier versions.
pub(super) fn spans(line: &[u8]) -> Result<Vec<FinishedSpan>, serde_json::Error> {
    let mut json: Json = serde_json::from_slice(line)?;
    if json.get("resourceSpans").is_none() {
        return Ok(vec![serde_json::from_value(json)?]);
    }
    let mut spans = Vec::new();
    for resource in list(&mut json["resourceSpans"]) {
        for scope in list(&mut resource["scopeSpans"]) {
            spans.extend(list(&mut scope["spans"]).iter().map(finished));
        }
    }
    Ok(spans)
}

fn list(json: &mut Json) -> &mut [Json] {
    json.as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

fn finished(span: &Json) -> FinishedSpan {
    let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
    let (start, end) = (millis(&span["startTimeUnixNano"]), millis(&span["endTimeUnixNano"]));
    let each = |key: &str| span[key].as_array().into_iter().flatten();
    let mut out = FinishedSpan {
        trace_id: text("traceId"),
        span_id: text("spanId"),
        parent_span_id: Some(text("parentSpanId")).filter(|id| !id.is_empty()),
        name: text("name"),
        kind: match span["kind"].as_u64() {
            Some(2) => "server",
            Some(3) => "client",
            Some(4) => "producer",
            Some(5) => "consumer",
            _ => "internal",
        }
        .to_owned(),
        start_ms: start,
        end_ms: end,
        duration_ms: (end - start).max(0.0),
        status: status_text(span["status"]["code"].as_u64().unwrap_or(0)).to_owned(),
        status_message: span["status"]["message"].as_str().filter(|text| !text.is_empty()).map(str::to_owned),
        events: each("events")
            .map(|event| FinishedEvent {
                name: event["name"].as_str().unwrap_or_default().to_owned(),
                time_ms: millis(&event["timeUnixNano"]),
                attributes: pairs(event).collect(),
            })
            .collect(),
        links: each("links")
            .map(|link| FinishedLink {
                trace_id: link["traceId"].as_str().unwrap_or_default().to_owned(),
                span_id: link["spanId"].as_str().unwrap_or_default().to_owned(),
                attributes: pairs(link).collect(),
            })
            .collect(),
        ..FinishedSpan::default()
    };
    for (key, value) in pairs(span) {
        out.take(&key, value);
    }
    out.find_error();
    out
}

fn pairs(of: &Json) -> impl Iterator<Item = (String, Json)> + '_ {
    let attributes = of["attributes"].as_array().into_iter().flatten();
    attributes.map(|pair| (pair["key"].as_str().unwrap_or_default().to_owned(), plain(&pair["value"])))
}

fn plain(value: &Json) -> Json {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return Json::Null;
    };
    match kind.as_str() {
        "intValue" => match value.as_str().and_then(|text| text.parse::<i64>().ok()) {
            Some(number) => number.into(),
            None => value.clone(),
        },
        "arrayValue" => value["values"].as_array().into_iter().flatten().map(plain).collect(),
        "kvlistValue" => {
            let entries = value["values"].as_array().into_iter().flatten();
            let entry =
                |pair: &Json| (pair["key"].as_str().unwrap_or_default().to_owned(), plain(&pair["value"]));
            Json::Object(entries.map(entry).collect())
        }
        _ => value.clone(),
    }
}

fn millis(nanos: &Json) -> f64 {
    let nanos = nanos.as_str().map_or_else(|| nanos.as_u64(), |text| text.parse().ok()).unwrap_or(0);
    nanos as f64 / 1e6
}
