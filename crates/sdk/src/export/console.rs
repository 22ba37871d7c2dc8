//! Prints finished spans to stderr, one JSON object a line, in the format of OpenTelemetry's console
//! exporters.

use super::Exporter;
use crate::{finished, timestamp::rfc3339};
use opentelemetry::{
    SpanId,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::{
    borrow::Cow,
    error::Error,
    io::{self, Write as _},
};

/// Prints spans to stderr.
#[derive(Debug)]
pub(crate) struct Console;

impl Exporter for Console {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut lines = Vec::new();
        for span in spans {
            serde_json::to_writer(&mut lines, &Printed::from(span))?;
            lines.push(b'\n');
        }
        Ok(io::stderr().lock().write_all(&lines)?)
    }

    fn name(&self) -> Cow<'_, str> {
        "the console".into()
    }

    fn is_local(&self) -> bool {
        true
    }
}

/// A span's printed form. The order of the fields is the order in the output.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    name: &'a str,
    context: Ids,
    kind: &'static str,
    parent_id: Option<String>,
    start_time: String,
    end_time: String,
    status: Json,
    attributes: Map<String, Json>,
}

#[derive(Debug, Serialize)]
struct Ids {
    trace_id: String,
    span_id: String,
    trace_state: String,
}

impl<'a> From<&'a SpanData> for Printed<'a> {
    fn from(span: &'a SpanData) -> Self {
        let context = &span.span_context;
        Self {
            name: &span.name,
            context: Ids {
                trace_id: format!("0x{}", context.trace_id()),
                span_id: format!("0x{}", context.span_id()),
                trace_state: context.trace_state().header(),
            },
            kind: match span.span_kind {
                SpanKind::Client => "CLIENT",
                SpanKind::Server => "SERVER",
                SpanKind::Producer => "PRODUCER",
                SpanKind::Consumer => "CONSUMER",
                SpanKind::Internal => "INTERNAL",
            },
            parent_id: (span.parent_span_id != SpanId::INVALID).then(|| format!("0x{}", span.parent_span_id)),
            start_time: rfc3339(span.start_time),
            end_time: rfc3339(span.end_time),
            status: match &span.status {
                Status::Unset => json!({"status_code": "UNSET"}),
                Status::Ok => json!({"status_code": "OK"}),
                Status::Error { description } => {
                    json!({"status_code": "ERROR", "description": description})
                }
            },
            attributes: (span.attributes.iter())
                .map(|attribute| (attribute.key.to_string(), finished::json(&attribute.value)))
                .collect(),
        }
    }
}
