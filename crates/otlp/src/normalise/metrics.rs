//! Metrics: each kept exactly as it came, and the few facts that runs need from them.
//!
//! Some producers say session, user, tokens or cost only here. Not here: time series.

use super::origin::Source;
use crate::{
    decode::LeftOut,
    metric::{MetricFact, MetricRecord},
    redact::Redactor,
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    metrics::v1::{Exemplar, Metric, metric::Data, number_data_point},
};
use prost::Message as _;
use std::sync::Arc;
use turnscope_model::{ContentHash, Form, Origin, SpanId, TraceId, UnixNanos};

/// The metrics of one request.
#[derive(Debug, Default)]
pub struct NormalisedMetrics {
    /// What is to be stored.
    pub records: Vec<MetricRecord>,
    /// How many data points they hold.
    pub points: u64,
    /// What was left out of the request, data points among it.
    pub left_out: LeftOut,
    /// How many secrets were taken out.
    pub redacted: u64,
}

const SESSIONS: [&str; 8] = [
    "session.id",
    "gen_ai.conversation.id",
    "metadata.mlflow.trace.session",
    "mlflow.trace.session",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.thread_id",
    "conversation.id",
    "langfuse.session.id",
];
const USERS: [&str; 8] = [
    "user.account_uuid",
    "user.id",
    "metadata.mlflow.trace.user",
    "mlflow.trace.user",
    "enduser.id",
    "traceloop.association.properties.user_id",
    "langfuse.user.id",
    "litellm.end_user.id",
];
const TRACES: [&str; 4] = ["trace_id", "trace.id", "mlflow.traceRequestId", "metadata.mlflow.trace_id"];
const AGENTS: [&str; 3] = ["gen_ai.agent.name", "agent.name", "agent_name"];
const MODELS: [&str; 3] = ["gen_ai.response.model", "gen_ai.request.model", "model"];
const TOKEN_TYPES: [&str; 2] = ["gen_ai.token.type", "type"];

/// Makes records of a decoded export request for metrics.
pub fn metrics(request: ExportMetricsServiceRequest, redactor: &Redactor) -> NormalisedMetrics {
    let mut out = NormalisedMetrics::default();
    for of_resource in request.resource_metrics {
        let mut source = Source::of(of_resource.resource, of_resource.schema_url, redactor);
        for scope_metrics in of_resource.scope_metrics {
            let origin = source.origin(scope_metrics.scope, &scope_metrics.schema_url, redactor);
            for metric in scope_metrics.metrics {
                let (record, redacted) = record(metric, &origin, redactor);
                out.points += record.points;
                out.redacted += u64::from(redacted);
                out.records.push(record);
            }
        }
        out.redacted += source.redacted;
    }
    out
}

/// The record of a metric, and how many secrets were taken out of it.
fn record(mut metric: Metric, origin: &Arc<Origin>, redactor: &Redactor) -> (MetricRecord, u32) {
    let mut redacted = 0;
    for_each_attributes(&mut metric, |attributes| redacted += redactor.attributes(attributes));
    for text in [&mut metric.name, &mut metric.description, &mut metric.unit] {
        redacted += redactor.text(text);
    }
    let points = points(&metric);
    let begins = |point: &Point<'_>| if point.start == 0 { point.time } else { point.start };
    let bytes = metric.encode_to_vec();
    let record = MetricRecord {
        origin: Arc::clone(origin),
        start: points.iter().map(begins).min().unwrap_or(0),
        end: points.iter().map(|point| point.time).max().unwrap_or(0),
        points: points.len() as u64,
        hash: ContentHash::of(Form::Bytes, &bytes),
        facts: points.iter().filter_map(fact).collect(),
        name: metric.name,
        unit: metric.unit,
        bytes,
    };
    (record, redacted)
}

/// What all kinds of data points have in common.
struct Point<'a> {
    attributes: &'a [KeyValue],
    exemplars: &'a [Exemplar],
    start: UnixNanos,
    time: UnixNanos,
    value: f64,
    count: u64,
    is_delta: bool,
}

fn points(metric: &Metric) -> Vec<Point<'_>> {
    // A point of any kind; they differ in types, not in names.
    macro_rules! all {
        ($points:expr, $delta:expr, $point:ident => $value:expr, $count:expr, $exemplars:expr) => {
            $points
                .iter()
                .map(|$point| Point {
                    attributes: &$point.attributes,
                    exemplars: $exemplars,
                    start: $point.start_time_unix_nano,
                    time: $point.time_unix_nano,
                    value: $value,
                    count: $count,
                    is_delta: $delta,
                })
                .collect()
        };
    }
    let number = |value: Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsDouble(number)) => number,
        Some(number_data_point::Value::AsInt(number)) => number as f64,
        None => 0.0,
    };
    match &metric.data {
        Some(Data::Gauge(gauge)) => {
            all!(gauge.data_points, false, point => number(point.value), 1, &point.exemplars)
        }
        Some(Data::Sum(sum)) => {
            all!(sum.data_points, sum.aggregation_temporality == 1, point => number(point.value), 1, &point.exemplars)
        }
        Some(Data::Histogram(data)) => all!(
            data.data_points, data.aggregation_temporality == 1,
            point => point.sum.unwrap_or(0.0), point.count, &point.exemplars
        ),
        Some(Data::ExponentialHistogram(data)) => all!(
            data.data_points, data.aggregation_temporality == 1,
            point => point.sum.unwrap_or(0.0), point.count, &point.exemplars
        ),
        Some(Data::Summary(summary)) => {
            all!(summary.data_points, false, point => point.sum, point.count, &[])
        }
        None => Vec::new(),
    }
}

fn fact(point: &Point<'_>) -> Option<MetricFact> {
    let text = |keys: &[&str]| keys.iter().find_map(|key| text(point.attributes, key));
    let named = text(&TRACES).and_then(|id| id.strip_prefix("tr-").unwrap_or(&id).parse().ok());
    let of_exemplars = point.exemplars.iter().filter_map(|exemplar| {
        let trace = TraceId::try_from(&exemplar.trace_id[..]).ok()?;
        Some((trace, SpanId::try_from(&exemplar.span_id[..]).ok()))
    });
    let traces: Vec<_> = named.map(|trace| (trace, None)).into_iter().chain(of_exemplars).collect();
    let (session_id, user_id) = (text(&SESSIONS), text(&USERS));
    (session_id.is_some() || user_id.is_some() || !traces.is_empty()).then(|| MetricFact {
        traces,
        session_id,
        user_id,
        agent_name: text(&AGENTS),
        model: text(&MODELS),
        token_type: text(&TOKEN_TYPES),
        value: point.value,
        count: point.count,
        is_delta: point.is_delta,
        start: point.start,
        time: point.time,
    })
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let kv = attributes.iter().find(|kv| kv.key == key)?;
    match kv.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) if !text.is_empty() => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn for_each_attributes(metric: &mut Metric, mut work: impl FnMut(&mut Vec<KeyValue>)) {
    work(&mut metric.metadata);
    macro_rules! all {
        ($data:expr) => {
            for point in &mut $data.data_points {
                work(&mut point.attributes);
                for exemplar in &mut point.exemplars {
                    work(&mut exemplar.filtered_attributes);
                }
            }
        };
    }
    match &mut metric.data {
        Some(Data::Gauge(data)) => all!(data),
        Some(Data::Sum(data)) => all!(data),
        Some(Data::Histogram(data)) => all!(data),
        Some(Data::ExponentialHistogram(data)) => all!(data),
        Some(Data::Summary(data)) => {
            data.data_points.iter_mut().for_each(|point| work(&mut point.attributes));
        }
        None => {}
    }
}
