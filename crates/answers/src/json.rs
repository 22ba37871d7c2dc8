//! OTLP values as plain JSON.

use base64::Engine as _;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use serde_json::{Map, Value as Json};
use turnscope_otlp::to_json::number_text;

/// Attributes as an object; of a repeated key the last value is shown (`raw` has them all).
pub(crate) fn attributes(attributes: &[KeyValue]) -> Map<String, Json> {
    attributes.iter().map(|kv| (kv.key.clone(), kv.value.as_ref().map_or(Json::Null, value))).collect()
}

/// A value as the JSON nearest to it: bytes as base64, what JSON has no number for as text.
pub(crate) fn value(any: &AnyValue) -> Json {
    match &any.value {
        None => Json::Null,
        Some(Value::StringValue(text)) => Json::String(text.clone()),
        Some(Value::BoolValue(flag)) => Json::Bool(*flag),
        Some(Value::IntValue(number)) => Json::from(*number),
        Some(Value::DoubleValue(number)) => serde_json::Number::from_f64(*number)
            .map_or_else(|| Json::String(number_text(*number).to_owned()), Json::Number),
        Some(Value::BytesValue(bytes)) => {
            Json::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        Some(Value::ArrayValue(array)) => Json::Array(array.values.iter().map(value).collect()),
        Some(Value::KvlistValue(list)) => Json::Object(attributes(&list.values)),
        Some(Value::StringValueStrindex(index)) => Json::from(*index),
    }
}

/// A value as one text: a text as it is, anything else as JSON.
pub fn text(any: &AnyValue) -> String {
    match value(any) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}
