//! Calls and durations by service, span name, kind and status, as the span-metrics connector of the OpenTelemetry
//! collector names them.

use crate::{dimensions::Dimensions, families::Family};
use prometheus::proto::MetricFamily;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};
use turnscope_model::{Record, Role, Status, UnixNanos};

/// Upper bounds of the duration buckets, milliseconds: the connector's defaults.
const BOUNDS_MS: [f64; 16] = [
    2.0, 4.0, 6.0, 8.0, 10.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1000.0, 1400.0, 2000.0, 5000.0, 10_000.0,
    15_000.0,
];
/// Values of one dimension kept at most; what comes after is counted under [`OTHER`].
const VALUES: usize = 50;
/// Series kept at most; what comes after is counted under one series in which every name is [`OTHER`].
const SERIES: usize = 500;
/// The value that stands for all those beyond the limit.
const OTHER: &str = "other";
/// Bytes of a label's value kept at most.
const LONGEST_LABEL: usize = 256;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    service: String,
    name: String,
    kind: &'static str,
    status: &'static str,
    dimensions: Vec<String>,
}

#[derive(Clone, Default, Debug)]
struct Series {
    calls: u64,
    buckets: [u64; BOUNDS_MS.len()],
    sum_ms: f64,
}

/// The figures since the start.
#[derive(Debug, Default)]
pub(crate) struct SpanMetrics {
    dimensions: Dimensions,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    series: BTreeMap<Key, Series>,
    services: Values,
    names: Values,
    /// Of each further dimension.
    further: Vec<Values>,
}

/// The values of one dimension that have series of their own.
#[derive(Clone, Debug, Default)]
struct Values(BTreeSet<String>);

impl Values {
    /// This value, or the one that stands for all those beyond the limit.
    fn bounded(&mut self, value: String) -> String {
        if self.0.contains(&value) {
            return value;
        }
        if self.0.len() == VALUES {
            return OTHER.into();
        }
        self.0.insert(value.clone());
        value
    }
}

impl Counted {
    /// The series that a span is counted in, within the limits of each dimension and of all together.
    fn series(&mut self, key: Key) -> &mut Series {
        self.further.resize(key.dimensions.len(), Values::default());
        let further = key.dimensions.into_iter().zip(&mut self.further);
        let key = Key {
            service: self.services.bounded(key.service),
            name: self.names.bounded(key.name),
            dimensions: further.map(|(value, values)| values.bounded(value)).collect(),
            ..key
        };
        let key = if self.series.len() < SERIES || self.series.contains_key(&key) {
            key
        } else {
            Key {
                service: OTHER.into(),
                name: OTHER.into(),
                kind: OTHER,
                status: "STATUS_CODE_UNSET",
                dimensions: vec![OTHER.into(); key.dimensions.len()],
            }
        };
        self.series.entry(key).or_default()
    }
}

impl SpanMetrics {
    pub(crate) fn new(dimensions: Dimensions) -> Self {
        Self { dimensions, counted: Mutex::default() }
    }

    /// Counts the spans among the records of one request.
    pub(crate) fn count(&self, records: &[Record]) {
        let mut values = self.dimensions.reader();
        for record in records {
            if let (Role::Span, Some(end)) = (&record.role, record.end) {
                let dimensions = values.of(record).iter().map(|value| label(value)).collect();
                self.count_span(record, end, dimensions);
            }
        }
    }

    fn count_span(&self, record: &Record, end: UnixNanos, dimensions: Vec<String>) {
        let key = Key {
            service: label(&record.origin.service_name),
            name: label(&record.facts.name),
            kind: record.facts.kind.as_str(),
            status: match record.status {
                Status::Unset => "STATUS_CODE_UNSET",
                Status::Ok => "STATUS_CODE_OK",
                Status::Error => "STATUS_CODE_ERROR",
            },
            dimensions,
        };
        let duration_ms = end.saturating_sub(record.start) as f64 / 1e6;
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let series = counted.series(key);
        series.calls += 1;
        series.sum_ms += duration_ms;
        for (bucket, bound) in series.buckets.iter_mut().zip(BOUNDS_MS) {
            *bucket += u64::from(duration_ms <= bound);
        }
    }

    /// The two families: calls and durations.
    pub(crate) fn families(&self) -> Vec<MetricFamily> {
        let all = self.counted.lock().unwrap_or_else(PoisonError::into_inner).series.clone();
        let mut calls = Family::counter("traces_spanmetrics_calls_total", "Spans received.");
        let mut durations =
            Family::histogram("traces_spanmetrics_duration", "Duration of spans, milliseconds.");
        for (key, series) in &all {
            let labels = self.labels(key);
            calls.count(&labels, series.calls);
            let buckets = BOUNDS_MS.into_iter().zip(series.buckets);
            durations.buckets(&labels, buckets, series.calls, series.sum_ms);
        }
        [calls, durations].into_iter().filter_map(Family::filled).collect()
    }

    fn labels<'a>(&'a self, key: &'a Key) -> Vec<(&'a str, &'a str)> {
        let own = [
            ("service_name", &*key.service),
            ("span_name", &*key.name),
            ("span_kind", key.kind),
            ("status_code", key.status),
        ];
        let further = self.dimensions.labels().zip(key.dimensions.iter().map(String::as_str));
        own.into_iter().chain(further).collect()
    }
}

/// A label's value: what is longer than any name would only fill memory.
fn label(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST_LABEL)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use turnscope_model::{Body, Facts, GroupKey, Origin};

    fn span(service: &str, name: &str) -> Record {
        let origin = Origin {
            service_name: service.into(),
            scope_name: String::new(),
            hash: turnscope_model::ContentHash::of(turnscope_model::Form::Bytes, b""),
            bytes: Vec::new(),
        };
        Record {
            role: Role::Span,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
            remote_parent: false,
            group: GroupKey::None,
            start: 0,
            end: Some(3_000_000),
            status: Status::Ok,
            facts: Facts { name: name.into(), tool_name: Some("a\"b\\".into()), ..Facts::default() },
            body: Body::default(),
            origin: Arc::new(origin),
        }
    }

    #[test]
    fn the_text_has_the_names_and_labels_of_the_collectors_connector() {
        let metrics = SpanMetrics::new(Dimensions::new(&["gen_ai.tool.name".into()]).unwrap());
        metrics.count(&[span("shop", "a\nb")]);
        let text = prometheus::TextEncoder::new().encode_to_string(&metrics.families()).unwrap();
        let labels = r#"service_name="shop",span_name="a\nb",span_kind="other",status_code="STATUS_CODE_OK",gen_ai_tool_name="a\"b\\""#;
        for line in [
            "# TYPE traces_spanmetrics_calls_total counter".to_owned(),
            format!("traces_spanmetrics_calls_total{{{labels}}} 1"),
            "# TYPE traces_spanmetrics_duration histogram".to_owned(),
            format!("traces_spanmetrics_duration_bucket{{{labels},le=\"2\"}} 0"),
            format!("traces_spanmetrics_duration_bucket{{{labels},le=\"4\"}} 1"),
            format!("traces_spanmetrics_duration_bucket{{{labels},le=\"+Inf\"}} 1"),
            format!("traces_spanmetrics_duration_sum{{{labels}}} 3"),
            format!("traces_spanmetrics_duration_count{{{labels}}} 1"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn names_beyond_the_limit_are_counted_as_other_and_nothing_is_lost() {
        let metrics = SpanMetrics::default();
        for n in 0..10_000 {
            metrics.count(&[span("shop", &format!("GET /orders/{n}"))]);
        }
        metrics.count(&[span("shop", "GET /orders/7")]);
        let counted = metrics.counted.lock().unwrap();
        assert_eq!(counted.series.len(), VALUES + 1);
        let calls = |name: &str| -> u64 {
            counted.series.iter().filter(|(key, _)| key.name == name).map(|(_, series)| series.calls).sum()
        };
        assert_eq!((calls("GET /orders/7"), calls(OTHER)), (2, 10_000 - VALUES as u64));
        assert!(counted.series.keys().all(|key| key.service == "shop"), "other dimensions are kept");
    }

    #[test]
    fn all_dimensions_together_have_a_limit_too() {
        let metrics = SpanMetrics::default();
        for n in 0..VALUES * VALUES {
            metrics.count(&[span(&format!("service {}", n / VALUES), &format!("name {}", n % VALUES))]);
        }
        let counted = metrics.counted.lock().unwrap();
        assert_eq!(counted.series.len(), SERIES + 1);
        assert_eq!(counted.series.values().map(|series| series.calls).sum::<u64>(), (VALUES * VALUES) as u64);
    }

    #[test]
    fn a_name_of_a_megabyte_does_not_fill_memory() {
        let metrics = SpanMetrics::default();
        metrics.count(&[span("é", &"é".repeat(1 << 20))]);
        let counted = metrics.counted.lock().unwrap();
        assert_eq!(counted.series.keys().map(|key| key.name.len()).collect::<Vec<_>>(), [LONGEST_LABEL]);
    }
}
