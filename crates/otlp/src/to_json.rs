//! OTLP/JSON out: what was sent, as JSON that any reader of OTLP takes.
//!
//! The types' own serialisation writes `null` for what JSON has no number for. OTLP/JSON follows the JSON mapping of
//! protobuf, which writes `"NaN"`, `"Infinity"` and `"-Infinity"`.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    metrics::v1::{
        Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
        SummaryDataPoint, exemplar, metric::Data, number_data_point,
    },
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

/// A metric.
pub fn metric(metric: &Metric) -> Json {
    let mut json = to_json(metric);
    pairs(json.get_mut("metadata"), &metric.metadata);
    match &metric.data {
        Some(Data::Gauge(data)) => points(&mut json, "gauge", &data.data_points, number_point),
        Some(Data::Sum(data)) => points(&mut json, "sum", &data.data_points, number_point),
        Some(Data::Histogram(data)) => points(&mut json, "histogram", &data.data_points, histogram_point),
        Some(Data::ExponentialHistogram(data)) => {
            points(&mut json, "exponentialHistogram", &data.data_points, exponential_point);
        }
        Some(Data::Summary(data)) => points(&mut json, "summary", &data.data_points, summary_point),
        None => {}
    }
    json
}

/// Completes the points under the key of their kind.
fn points<P>(json: &mut Json, kind: &str, points: &[P], complete: fn(&mut Json, &P)) {
    let json = json.get_mut(kind).and_then(|data| data.get_mut("dataPoints"));
    for (json, point) in each(json).zip(points) {
        complete(json, point);
    }
}

fn number_point(json: &mut Json, point: &NumberDataPoint) {
    pairs(json.get_mut("attributes"), &point.attributes);
    exemplars(json, &point.exemplars);
    if let Some(number_data_point::Value::AsDouble(value)) = point.value {
        number(json.get_mut("asDouble"), value);
    }
}

fn histogram_point(json: &mut Json, point: &HistogramDataPoint) {
    pairs(json.get_mut("attributes"), &point.attributes);
    exemplars(json, &point.exemplars);
    for (key, value) in [("sum", point.sum), ("min", point.min), ("max", point.max)] {
        if let Some(value) = value {
            number(json.get_mut(key), value);
        }
    }
    for (json, bound) in each(json.get_mut("explicitBounds")).zip(&point.explicit_bounds) {
        number(Some(json), *bound);
    }
}

fn exponential_point(json: &mut Json, point: &ExponentialHistogramDataPoint) {
    pairs(json.get_mut("attributes"), &point.attributes);
    exemplars(json, &point.exemplars);
    let values = [("sum", point.sum), ("min", point.min), ("max", point.max)];
    for (key, value) in values.into_iter().chain([("zeroThreshold", Some(point.zero_threshold))]) {
        if let Some(value) = value {
            number(json.get_mut(key), value);
        }
    }
}

fn summary_point(json: &mut Json, point: &SummaryDataPoint) {
    pairs(json.get_mut("attributes"), &point.attributes);
    number(json.get_mut("sum"), point.sum);
    for (json, at) in each(json.get_mut("quantileValues")).zip(&point.quantile_values) {
        number(json.get_mut("quantile"), at.quantile);
        number(json.get_mut("value"), at.value);
    }
}

fn exemplars(json: &mut Json, exemplars: &[Exemplar]) {
    for (json, exemplar) in each(json.get_mut("exemplars")).zip(exemplars) {
        pairs(json.get_mut("filteredAttributes"), &exemplar.filtered_attributes);
        if let Some(exemplar::Value::AsDouble(value)) = exemplar.value {
            number(json.get_mut("asDouble"), value);
        }
    }
}

/// Writes a number where JSON has none for it.
fn number(json: Option<&mut Json>, value: f64) {
    if let Some(json) = json.filter(|_| !value.is_finite()) {
        *json = number_text(value).into();
    }
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
        Some(Any::DoubleValue(value)) => number(json.get_mut("doubleValue"), *value),
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

    #[test]
    fn metrics_of_every_kind_are_read_back_as_they_were() {
        let attributes = json!([{ "key": "n", "value": { "doubleValue": "NaN" } }]);
        let exemplars = json!([{ "asDouble": "-Infinity", "spanId": "b7ad6b7169203331", "timeUnixNano": "5",
            "traceId": "0af7651916cd43dd8448eb211c80319c", "filteredAttributes": attributes }]);
        let point = |more: Json| {
            let mut point = json!({ "attributes": attributes, "startTimeUnixNano": "1", "timeUnixNano": "18446744073709551615",
                "flags": 1 });
            point.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([point])
        };
        let kinds = json!([
            { "gauge": { "dataPoints": point(json!({ "asDouble": "Infinity", "exemplars": exemplars })) }, "name": "a", "unit": "By" },
            { "gauge": { "dataPoints": [{}] }, "metadata": attributes, "description": "d" },
            { "sum": { "dataPoints": point(json!({ "asInt": "-9223372036854775808" })), "isMonotonic": true,
                "aggregationTemporality": 1 } },
            { "histogram": { "dataPoints": point(json!({ "count": "3", "sum": "NaN", "min": "-Infinity", "max": 0.5,
                "bucketCounts": ["1", "18446744073709551615"], "explicitBounds": [0.1, "Infinity"], "exemplars": exemplars })) } },
            { "exponentialHistogram": { "dataPoints": point(json!({ "count": "3", "scale": -3, "zeroCount": "1",
                "positive": { "offset": -2, "bucketCounts": ["7"] }, "max": "Infinity", "zeroThreshold": "NaN" })) } },
            { "summary": { "dataPoints": point(json!({ "count": "3", "sum": "NaN",
                "quantileValues": [{ "quantile": 0.5, "value": "Infinity" }] })) } },
            { "name": "without data" }
        ]);
        let read = |metrics: &Json| {
            let body = json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": metrics }] }] });
            let request = decode::metrics(body.to_string().as_bytes(), Format::Json).expect("it is read");
            request.resource_metrics[0].scope_metrics[0].metrics.clone()
        };
        let sent = read(&kinds);
        let written: Json = sent.iter().map(metric).collect();
        // NaN is not equal to itself; its bytes are.
        let bytes =
            |metrics: &[Metric]| -> Vec<_> { metrics.iter().map(prost::Message::encode_to_vec).collect() };
        assert_eq!(bytes(&read(&written)), bytes(&sent));
        assert_eq!(written.pointer("/3/histogram/dataPoints/0/sum"), Some(&json!("NaN")));
    }
}
