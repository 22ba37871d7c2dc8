//! Some records under one resource and scope, as one request sends them. Pure.
//!
//! Records keep the bytes in which they were written, and their resource and scope are repeated in each piece.

use prost::encoding::encode_varint;
use std::sync::Arc;

/// Which telemetry a request carries.
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

    /// Its keys in JSON: of the resources, the scopes and the records.
    const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Traces => ["resourceSpans", "scopeSpans", "spans"],
            Self::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
            Self::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
        }
    }
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Protobuf,
}

impl Encoding {
    /// The content type of a request.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
        }
    }
}

/// The fields of a resource or scope beside its records: in JSON each with a comma behind it, in protobuf encoded.
pub(super) type Header = Arc<[u8]>;

/// Some records under one resource and scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) signal: Signal,
    pub(super) encoding: Encoding,
    pub(super) resource: Header,
    pub(super) scope: Header,
    pub(super) records: Vec<Vec<u8>>,
}

impl Piece {
    /// The two halves of the records; `None` for a single one.
    pub(super) fn halves(mut self) -> Option<[Self; 2]> {
        if self.records.len() < 2 {
            return None;
        }
        let records = self.records.split_off(self.records.len() / 2);
        let second = Self { records, ..self.clone() };
        Some([self, second])
    }

    /// The body of a request.
    pub(super) fn body(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Json => self.json(),
            Encoding::Protobuf => self.protobuf(),
        }
    }

    fn json(&self) -> Vec<u8> {
        let [resources, scopes, records] = self.signal.keys();
        [
            format!("{{\"{resources}\":[{{").as_bytes(),
            &self.resource,
            format!("\"{scopes}\":[{{").as_bytes(),
            &self.scope,
            format!("\"{records}\":[").as_bytes(),
            &self.records.join(&b','),
            b"]}]}]}",
        ]
        .concat()
    }

    /// The three signals number these fields alike: in a request 1 are the resources, in a resource 2 the scopes, in a scope
    /// 2 the records.
    fn protobuf(&self) -> Vec<u8> {
        let mut scope = self.scope.to_vec();
        for record in &self.records {
            put(&mut scope, 2, record);
        }
        let mut resource = self.resource.to_vec();
        put(&mut resource, 2, &scope);
        let mut request = Vec::with_capacity(resource.len() + 11);
        put(&mut request, 1, &resource);
        request
    }
}

/// Adds a field that has a length.
pub(super) fn put(out: &mut Vec<u8>, number: u64, content: &[u8]) {
    encode_varint(number << 3 | 2, out);
    encode_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}
