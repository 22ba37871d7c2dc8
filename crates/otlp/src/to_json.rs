//! OTLP/JSON out: what was sent, as JSON that any reader of OTLP takes.
//!
//! The types' own serialisation writes `null` for what JSON has no number for. OTLP/JSON follows the JSON mapping of
//! protobuf, which writes `"NaN"`, `"Infinity"` and `"-Infinity"`.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::Span,
};
use serde::Serialize;
use serde_json::Value as Json;

/// A span.
pub fn span(span: &Span) -> Json {
    let mut json = to_json(span);
    pairs(json.get_mut("attributes"), &span.attributes);
    for (json, event) in each(json.get_mut("events")).zip(&span.events) {
        pairs(json.get_mut("attributes"), &event.attributes);
    }
    for (json, link) in each(json.get_mut("links")).zip(&span.links) {
        pairs(json.get_mut("attributes"), &link.attributes);
    }
    json
}

/// A log record.
pub fn log(log: &LogRecord) -> Json {
    let mut json = to_json(log);
    pairs(json.get_mut("attributes"), &log.attributes);
    if let Some(body) = &log.body {
        any(json.get_mut("body"), body);
    }
    json
}

/// A resource; `null` for none.
pub fn resource(resource: Option<&Resource>) -> Json {
    let mut json = to_json(&resource);
    if let Some(resource) = resource {
        pairs(json.get_mut("attributes"), &resource.attributes);
    }
    json
}

/// A scope; `null` for none.
pub fn scope(scope: Option<&InstrumentationScope>) -> Json {
    let mut json = to_json(&scope);
    if let Some(scope) = scope {
        pairs(json.get_mut("attributes"), &scope.attributes);
    }
    json
}

fn to_json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

fn each(list: Option<&mut Json>) -> impl Iterator<Item = &mut Json> {
    list.and_then(Json::as_array_mut).into_iter().flatten()
}

fn pairs(json: Option<&mut Json>, pairs: &[KeyValue]) {
    for (json, kv) in each(json).zip(pairs) {
        if let Some(value) = &kv.value {
            any(json.get_mut("value"), value);
        }
    }
}

/// Writes the numbers that are missing in a value.
fn any(json: Option<&mut Json>, value: &AnyValue) {
    let Some(json) = json else { return };
    match &value.value {
        Some(Any::DoubleValue(number)) if !number.is_finite() => {
            json["doubleValue"] = number_text(*number).into();
        }
        Some(Any::ArrayValue(array)) => {
            for (json, value) in each(json.pointer_mut("/arrayValue/values")).zip(&array.values) {
                any(Some(json), value);
            }
        }
        Some(Any::KvlistValue(list)) => pairs(json.pointer_mut("/kvlistValue/values"), &list.values),
        _ => {}
    }
}

/// What JSON has no number for, as the JSON mapping of protobuf writes it.
pub fn number_text(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{self, Format};
    use serde_json::json;

    #[test]
    fn what_json_has_no_number_for_is_written_as_text_wherever_it_is() {
        let number = |number: &str| json!([{ "key": "n", "value": { "doubleValue": number } }]);
        let list = json!([{ "key": "l", "value": { "arrayValue": { "values": [{ "doubleValue": 1.0 }, { "doubleValue": "NaN" }] } } },
            { "key": "m", "value": { "kvlistValue": { "values": number("Infinity") } } }, { "key": "none" }]);
        let sent = json!({ "attributes": list, "events": [{ "name": "e", "attributes": number("-Infinity") }],
            "links": [{ "attributes": number("NaN") }] });
        let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [sent] }] }] });
        let read = decode::traces(body.to_string().as_bytes(), Format::Json).expect("it is read");
        let written = span(&read.resource_spans[0].scope_spans[0].spans[0]);
        assert_eq!(written.pointer("/attributes/0/value"), sent.pointer("/attributes/0/value"));
        assert_eq!(
            written.pointer("/attributes/1/value/kvlistValue/values/0/value"),
            Some(&json!({ "doubleValue": "Infinity" }))
        );
        assert_eq!(
            written.pointer("/events/0/attributes/0/value"),
            Some(&json!({ "doubleValue": "-Infinity" }))
        );
        assert_eq!(written.pointer("/links/0/attributes/0/value"), Some(&json!({ "doubleValue": "NaN" })));
    }
}
