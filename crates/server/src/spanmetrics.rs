//! Calls and durations by service, span name, kind and status, as the span-metrics connector of the OpenTelemetry
//! collector names them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};
use turnscope_model::{Record, Role, Status};

/// Upper bounds of the duration buckets, milliseconds: the connector's defaults.
const BOUNDS_MS: [f64; 16] = [
    2.0, 4.0, 6.0, 8.0, 10.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1000.0, 1400.0, 2000.0, 5000.0, 10_000.0,
    15_000.0,
];
/// Series kept at most; what comes after is counted under one series named `_other`.
const SERIES: usize = 2000;

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
    dimensions: Vec<String>,
    series: Mutex<BTreeMap<Key, Series>>,
}

impl SpanMetrics {
    /// With further dimensions: names of facts such as `kitelogik.policy.deny`.
    pub(crate) fn new(dimensions: Vec<String>) -> Self {
        Self { dimensions, series: Mutex::default() }
    }

    /// Counts one received span.
    pub(crate) fn count(&self, record: &Record) {
        let (Role::Span, Some(end)) = (&record.role, record.end) else { return };
        let key = Key {
            service: record.origin.service_name.clone(),
            name: record.facts.name.clone(),
            kind: record.facts.kind.as_str(),
            status: match record.status {
                Status::Unset => "STATUS_CODE_UNSET",
                Status::Ok => "STATUS_CODE_OK",
                Status::Error => "STATUS_CODE_ERROR",
            },
            dimensions: self.dimensions.iter().map(|name| dimension(record, name)).collect(),
        };
        let duration_ms = end.saturating_sub(record.start) as f64 / 1e6;
        let mut all = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if all.len() < SERIES || all.contains_key(&key) {
            key
        } else {
            Key {
                service: "_other".into(),
                name: "_other".into(),
                kind: "other",
                status: "STATUS_CODE_UNSET",
                dimensions: vec![String::new(); self.dimensions.len()],
            }
        };
        let series = all.entry(key).or_default();
        series.calls += 1;
        series.sum_ms += duration_ms;
        for (bucket, bound) in series.buckets.iter_mut().zip(BOUNDS_MS) {
            *bucket += u64::from(duration_ms <= bound);
        }
    }

    /// Prometheus text.
    pub(crate) fn write(&self, out: &mut String) {
        let all = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        out.push_str("# HELP traces_spanmetrics_calls_total Spans received.\n# TYPE traces_spanmetrics_calls_total counter\n");
        for (key, series) in &all {
            let _ = writeln!(out, "traces_spanmetrics_calls_total{{{}}} {}", self.labels(key), series.calls);
        }
        out.push_str("# HELP traces_spanmetrics_duration Duration of spans, milliseconds.\n# TYPE traces_spanmetrics_duration histogram\n");
        for (key, series) in &all {
            let labels = self.labels(key);
            for (bucket, bound) in series.buckets.iter().zip(BOUNDS_MS) {
                let _ =
                    writeln!(out, "traces_spanmetrics_duration_bucket{{{labels},le=\"{bound}\"}} {bucket}");
            }
            let _ =
                writeln!(out, "traces_spanmetrics_duration_bucket{{{labels},le=\"+Inf\"}} {}", series.calls);
            let _ = writeln!(out, "traces_spanmetrics_duration_sum{{{labels}}} {}", series.sum_ms);
            let _ = writeln!(out, "traces_spanmetrics_duration_count{{{labels}}} {}", series.calls);
        }
    }

    fn labels(&self, key: &Key) -> String {
        let mut out = format!(
            "service_name=\"{}\",span_name=\"{}\",span_kind=\"{}\",status_code=\"{}\"",
            escape(&key.service),
            escape(&key.name),
            key.kind,
            key.status
        );
        for (name, value) in self.dimensions.iter().zip(&key.dimensions) {
            let name: String =
                name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let _ = write!(out, ",{name}=\"{}\"", escape(value));
        }
        out
    }
}

/// A label's value with the three characters escaped that Prometheus asks for.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn dimension(record: &Record, name: &str) -> String {
    use turnscope_model::Verdict;
    let facts = &record.facts;
    let verdict = |wanted: Verdict| facts.verdict.map(|v| (v == wanted).to_string()).unwrap_or_default();
    match name {
        "kitelogik.policy.allow" => verdict(Verdict::Allow),
        "kitelogik.policy.deny" => verdict(Verdict::Deny),
        "kitelogik.policy.requires_hitl" => verdict(Verdict::Hitl),
        "verdict" => facts.verdict.map(Verdict::as_str).unwrap_or_default().to_owned(),
        "risk_tier" | "kitelogik.policy.risk_tier" => facts.risk_tier.clone().unwrap_or_default(),
        "tool_name" | "gen_ai.tool.name" => facts.tool_name.clone().unwrap_or_default(),
        "agent_name" | "gen_ai.agent.name" => facts.agent_name.clone().unwrap_or_default(),
        "model" | "gen_ai.request.model" => facts.request_model.clone().unwrap_or_default(),
        "provider" | "gen_ai.provider.name" => facts.provider.clone().unwrap_or_default(),
        "session_id" | "session.id" => facts.session_id.clone().unwrap_or_default(),
        "user_role" | "kitelogik.user_role" => facts.user_role.clone().unwrap_or_default(),
        "dialect" => facts.dialect.clone(),
        other => facts
            .metadata
            .iter()
            .find(|(key, _)| key == other)
            .map(|(_, value)| value.clone())
            .unwrap_or_default(),
    }
}
