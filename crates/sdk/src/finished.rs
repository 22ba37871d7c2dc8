//! A finished span as a flat record, for the ring buffer, the trace file and the console.

use opentelemetry::{Array, KeyValue, SpanId, Value, trace::Status};
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
    /// Start time.
    pub start_ms: f64,
    /// End time.
    pub end_ms: f64,
    /// Duration in milliseconds.
    pub duration_ms: f64,
    /// `unset`, `ok` or `error`.
    pub status: String,
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
            status: match span.status {
                Status::Unset => "unset",
                Status::Ok => "ok",
                Status::Error { .. } => "error",
            }
            .into(),
            ..Self::default()
        };
        for attribute in &span.attributes {
            out.take(attribute);
        }
        out
    }
}

impl FinishedSpan {
    fn take(&mut self, KeyValue { key, value, .. }: &KeyValue) {
        let text = || Some(value.to_string());
        let flag = || match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        };
        match key.as_str() {
            "session.id" | "kitelogik.session_id" => self.session_id = text(),
            "user.role" | "kitelogik.user_role" => self.user_role = text(),
            "gen_ai.tool.name" | "tool.name" | "kitelogik.tool_name" => self.tool_name = text(),
            "kitelogik.policy.allow" => self.policy_allow = flag(),
            "kitelogik.policy.deny" => self.policy_deny = flag(),
            "kitelogik.policy.requires_hitl" => self.policy_hitl = flag(),
            "kitelogik.policy.risk_tier" => self.risk_tier = text(),
            "kitelogik.policy.reason" => self.reason = text(),
            other => {
                self.attributes.insert(other.to_owned(), json(value));
            }
        }
    }

    /// The record as one line of JSON.
    pub(crate) fn line(&self) -> String {
        crate::json_text(self)
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
