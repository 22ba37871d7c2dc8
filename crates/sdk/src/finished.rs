//! A finished span as a record, for the ring buffer and the reader of trace files.

use opentelemetry::{
    Array, KeyValue, SpanId, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::time::{Duration, SystemTime};

/// A finished span. Times are in milliseconds since the Unix epoch, with fractions.
///
/// ```
/// for span in turnscope::finished_spans() {
///     println!("{} took {} ms", span.name, span.duration_ms);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FinishedSpan {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; `None` for a root span.
    pub parent_span_id: Option<String>,
    /// The span's name.
    pub name: String,
    /// `internal`, `client`, `server`, `producer` or `consumer`.
    pub kind: String,
    /// Start time.
    pub start_ms: f64,
    /// End time.
    pub end_ms: f64,
    /// Duration in milliseconds.
    pub duration_ms: f64,
    /// `unset`, `ok` or `error`.
    pub status: String,
    /// The message of an error status.
    pub status_message: Option<String>,
    /// What went wrong, if the span failed.
    pub error: Option<FinishedError>,
    /// The session id (`session.id` or `kitelogik.session_id`).
    pub session_id: Option<String>,
    /// The user's role.
    pub user_role: Option<String>,
    /// The tool's name.
    pub tool_name: Option<String>,
    /// Whether the policy allowed the call.
    pub policy_allow: Option<bool>,
    /// Whether the policy denied the call.
    pub policy_deny: Option<bool>,
    /// Whether the policy requires human approval.
    pub policy_hitl: Option<bool>,
    /// The risk tier that the policy assigned to the call.
    pub risk_tier: Option<String>,
    /// The policy's reason.
    pub reason: Option<String>,
    /// All other attributes.
    pub attributes: Map<String, Json>,
    /// The events, in order.
    pub events: Vec<FinishedEvent>,
    /// The links to other spans.
    pub links: Vec<FinishedLink>,
}

/// An event of a [`FinishedSpan`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FinishedEvent {
    /// Its name.
    pub name: String,
    /// When it happened.
    pub time_ms: f64,
    /// Its attributes.
    pub attributes: Map<String, Json>,
}

/// A link of a [`FinishedSpan`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FinishedLink {
    /// The other span's trace id.
    pub trace_id: String,
    /// The other span's id.
    pub span_id: String,
    /// The link's attributes.
    pub attributes: Map<String, Json>,
}

/// The error of a [`FinishedSpan`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FinishedError {
    /// `error.type`; empty if it was not set.
    pub kind: String,
    /// The message of the status.
    pub message: String,
}

/// The name of a status code of OTLP.
pub(crate) const fn status_text(code: u64) -> &'static str {
    match code {
        1 => "ok",
        2 => "error",
        _ => "unset",
    }
}

impl From<&SpanData> for FinishedSpan {
    fn from(span: &SpanData) -> Self {
        let mut out = Self {
            trace_id: span.span_context.trace_id().to_string(),
            span_id: span.span_context.span_id().to_string(),
            parent_span_id: (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string()),
            name: span.name.to_string(),
            start_ms: millis(since_epoch(span.start_time)),
            end_ms: millis(since_epoch(span.end_time)),
            duration_ms: millis(span.end_time.duration_since(span.start_time).unwrap_or_default()),
            kind: match span.span_kind {
                SpanKind::Internal => "internal",
                SpanKind::Client => "client",
                SpanKind::Server => "server",
                SpanKind::Producer => "producer",
                SpanKind::Consumer => "consumer",
            }
            .into(),
            status: match span.status {
                Status::Unset => "unset",
                Status::Ok => "ok",
                Status::Error { .. } => "error",
            }
            .into(),
            status_message: match &span.status {
                Status::Error { description } if !description.is_empty() => Some(description.to_string()),
                _ => None,
            },
            events: (span.events.iter())
                .map(|event| FinishedEvent {
                    name: event.name.to_string(),
                    time_ms: millis(since_epoch(event.timestamp)),
                    attributes: map(&event.attributes),
                })
                .collect(),
            links: (span.links.iter())
                .map(|link| FinishedLink {
                    trace_id: link.span_context.trace_id().to_string(),
                    span_id: link.span_context.span_id().to_string(),
                    attributes: map(&link.attributes),
                })
                .collect(),
            ..Self::default()
        };
        for KeyValue { key, value, .. } in &span.attributes {
            out.take(key.as_str(), json(value));
        }
        out.find_error();
        out
    }
}

fn map(attributes: &[KeyValue]) -> Map<String, Json> {
    attributes.iter().map(|attribute| (attribute.key.to_string(), json(&attribute.value))).collect()
}

impl FinishedSpan {
    /// Takes an attribute in.
    pub(crate) fn take(&mut self, key: &str, value: Json) {
        let text = |value: &Json| Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        match key {
            "session.id" | "kitelogik.session_id" => self.session_id = text(&value),
            "user.role" | "kitelogik.user_role" => self.user_role = text(&value),
            "gen_ai.tool.name" | "tool.name" | "kitelogik.tool_name" => self.tool_name = text(&value),
            "kitelogik.policy.allow" => self.policy_allow = value.as_bool(),
            "kitelogik.policy.deny" => self.policy_deny = value.as_bool(),
            "kitelogik.policy.requires_hitl" => self.policy_hitl = value.as_bool(),
            "kitelogik.policy.risk_tier" => self.risk_tier = text(&value),
            "kitelogik.policy.reason" => self.reason = text(&value),
            other => {
                self.attributes.insert(other.to_owned(), value);
            }
        }
    }

    /// Fills `error` from the status and `error.type`.
    pub(crate) fn find_error(&mut self) {
        let kind = self.attributes.get("error.type").and_then(Json::as_str);
        if self.status == "error" {
            self.error = Some(FinishedError {
                kind: kind.unwrap_or_default().to_owned(),
                message: self.status_message.clone().unwrap_or_default(),
            });
        }
    }
}

pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Bool(v) => (*v).into(),
        Value::I64(v) => (*v).into(),
        Value::F64(v) => (*v).into(),
        Value::Array(Array::Bool(v)) => v.clone().into(),
        Value::Array(Array::I64(v)) => v.clone().into(),
        Value::Array(Array::F64(v)) => v.clone().into(),
        Value::Array(Array::String(v)) => v.iter().map(|text| text.as_str().to_owned()).collect(),
        other => other.to_string().into(),
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}
