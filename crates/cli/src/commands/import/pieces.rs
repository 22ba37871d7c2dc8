//! OTLP/JSON in pieces: one object of a file becomes requests that a server takes, each below a size.
//!
//! Records keep the text in which they were written, and their resource and scope are repeated in each piece. Pure.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What an import sends: one object of a file, split by signal, resource, scope and record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Telemetry {
    pub(super) groups: Vec<Group>,
}

/// The records under one resource and scope, as JSON texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) signal: Signal,
    resource: Header,
    scope: Header,
    records: Vec<Box<str>>,
}

/// A resource or scope and its schema URL, as JSON texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Header {
    of: Option<Box<str>>,
    schema_url: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    /// Where it is sent to.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// Its keys: of the resources, the scopes and the records.
    const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Traces => ["resourceSpans", "scopeSpans", "spans"],
            Self::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
            Self::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
        }
    }
}

/// A request as it is written, in either spelling of its keys.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, alias = "resource_spans", rename = "resourceSpans")]
    spans: Option<Vec<OfResource<'a>>>,
    #[serde(borrow, alias = "resource_logs", rename = "resourceLogs")]
    logs: Option<Vec<OfResource<'a>>>,
    #[serde(borrow, alias = "resource_metrics", rename = "resourceMetrics")]
    metrics: Option<Vec<OfResource<'a>>>,
}

#[derive(Deserialize)]
struct OfResource<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, alias = "schema_url", rename = "schemaUrl")]
    schema_url: Option<&'a RawValue>,
    #[serde(
        borrow,
        rename = "scopeSpans",
        alias = "scope_spans",
        alias = "instrumentationLibrarySpans",
        alias = "scopeLogs",
        alias = "scope_logs",
        alias = "instrumentationLibraryLogs",
        alias = "scopeMetrics",
        alias = "scope_metrics",
        alias = "instrumentationLibraryMetrics"
    )]
    scopes: Option<Vec<OfScope<'a>>>,
}

#[derive(Deserialize)]
struct OfScope<'a> {
    #[serde(borrow, alias = "instrumentationLibrary")]
    scope: Option<&'a RawValue>,
    #[serde(borrow, alias = "schema_url", rename = "schemaUrl")]
    schema_url: Option<&'a RawValue>,
    #[serde(borrow, rename = "spans", alias = "logRecords", alias = "log_records", alias = "metrics")]
    records: Option<Vec<&'a RawValue>>,
}

/// Reads a request; `None` where the object holds no telemetry.
pub(super) fn read(json: &str) -> Result<Option<Telemetry>, serde_json::Error> {
    let request: Request<'_> = serde_json::from_str(json)?;
    if request.spans.is_none() && request.logs.is_none() && request.metrics.is_none() {
        return Ok(None);
    }
    let text = |raw: Option<&RawValue>| raw.map(|raw| raw.get().into());
    let signals =
        [(Signal::Traces, request.spans), (Signal::Logs, request.logs), (Signal::Metrics, request.metrics)];
    let mut groups = Vec::new();
    for (signal, resources) in signals {
        for resource in resources.into_iter().flatten() {
            for scope in resource.scopes.into_iter().flatten() {
                let records: Vec<Box<str>> =
                    scope.records.into_iter().flatten().map(|raw| raw.get().into()).collect();
                if !records.is_empty() {
                    let of_resource =
                        Header { of: text(resource.resource), schema_url: text(resource.schema_url) };
                    let of_scope = Header { of: text(scope.scope), schema_url: text(scope.schema_url) };
                    groups.push(Group { signal, resource: of_resource, scope: of_scope, records });
                }
            }
        }
    }
    Ok(Some(Telemetry { groups }))
}

impl Group {
    /// How many records it has.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The same records in groups whose bodies are about this size at most. A larger record is alone.
    pub(super) fn pieces(self, size: usize) -> Vec<Self> {
        let Self { signal, resource, scope, records } = self;
        let mut pieces: Vec<Vec<Box<str>>> = Vec::new();
        let mut filled = usize::MAX;
        for record in records {
            let length = record.len() + 1;
            if let Some(piece) = pieces.last_mut().filter(|_| filled.saturating_add(length) <= size) {
                filled += length;
                piece.push(record);
            } else {
                filled = length;
                pieces.push(vec![record]);
            }
        }
        let of_piece = |records| Self { signal, resource: resource.clone(), scope: scope.clone(), records };
        pieces.into_iter().map(of_piece).collect()
    }

    /// The two halves of the records; `None` for a single one.
    pub(super) fn halves(mut self) -> Option<[Self; 2]> {
        if self.len() < 2 {
            return None;
        }
        let records = self.records.split_off(self.len() / 2);
        let second = Self { records, ..self.clone() };
        Some([self, second])
    }

    /// The body of a request.
    pub(super) fn body(&self) -> String {
        let [resources, scopes, records] = self.signal.keys();
        let of_resource = self.resource.fields("resource");
        let of_scope = self.scope.fields("scope");
        let list = self.records.join(",");
        format!("{{\"{resources}\":[{{{of_resource}\"{scopes}\":[{{{of_scope}\"{records}\":[{list}]}}]}}]}}")
    }
}

impl Header {
    /// Its fields, each with a comma behind it.
    fn fields(&self, name: &str) -> String {
        let field = |key: &str, value: &Option<Box<str>>| {
            value.as_ref().map_or_else(String::new, |value| format!("\"{key}\":{value},"))
        };
        field(name, &self.of) + &field("schemaUrl", &self.schema_url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn groups(json: &Value) -> Vec<Group> {
        read(&json.to_string()).expect("it is JSON").expect("it is telemetry").groups
    }

    #[test]
    fn pieces_are_small_and_hold_everything_once() {
        let spans: Vec<Value> =
            (0..20).map(|n| json!({ "name": format!("{n}{}", "x".repeat(100)) })).collect();
        let sent = json!({ "resourceSpans": [{ "schemaUrl": "a", "scopeSpans": [{ "spans": spans, "scope": { "name": "s" } }],
            "resource": { "attributes": [] } }] });
        let pieces = groups(&sent).remove(0).pieces(500);
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.body().len() < 700));
        let bodies: Vec<Value> =
            pieces.iter().map(|piece| serde_json::from_str(&piece.body()).expect("it is JSON")).collect();
        let of = |body: &Value, at: &str| body.pointer(&format!("/resourceSpans/0/{at}")).cloned();
        for body in &bodies {
            assert_eq!(of(body, "resource"), Some(json!({ "attributes": [] })));
            assert_eq!(of(body, "schemaUrl"), Some(json!("a")));
            assert_eq!(of(body, "scopeSpans/0/scope"), Some(json!({ "name": "s" })));
        }
        let found: Vec<Value> = bodies
            .iter()
            .flat_map(|body| of(body, "scopeSpans/0/spans").unwrap().as_array().unwrap().clone())
            .collect();
        assert_eq!(found, spans);
    }

    #[test]
    fn a_record_larger_than_a_piece_is_alone_and_has_no_halves() {
        let sent =
            json!({ "resource_logs": [{ "scope_logs": [{ "log_records": ["a", "b".repeat(900), "c"] }] }] });
        let pieces = groups(&sent).remove(0).pieces(100);
        assert_eq!(pieces.iter().map(Group::len).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(pieces[0].clone().halves(), None);
        let [first, second] = groups(&sent).remove(0).halves().expect("it has three");
        assert_eq!((first.len(), second.len()), (1, 2));
    }

    #[test]
    fn what_is_no_telemetry_is_told_apart_from_telemetry_without_records() {
        assert_eq!(read(r#"{"runs":[]}"#).expect("it is JSON"), None);
        assert_eq!(read(r#"{"resourceSpans":[]}"#).expect("it is JSON"), Some(Telemetry::default()));
        assert!(read(r#"{"resourceSpans":5}"#).is_err());
    }
}
