//! Records and metrics gathered into one object of OTLP/JSON.

use crate::{
    Result,
    telemetry::{Restored, restore},
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use turnscope_model::RecordId;
use turnscope_otlp::to_json;
use turnscope_project::RecordFacts;
use turnscope_store::StoredBody;

/// The records of one signal by origin, so that each resource and scope is written once.
type ByOrigin = BTreeMap<Arc<[u8]>, Vec<Json>>;

/// What was gathered, each record once.
#[derive(Default)]
pub(crate) struct OtlpJson {
    spans: ByOrigin,
    logs: ByOrigin,
    metrics: ByOrigin,
    seen: HashSet<RecordId>,
    /// A record was left out, because its contents were deleted.
    pub(crate) lacks_contents: bool,
}

impl OtlpJson {
    /// Adds a record, unless it was added before: one log record may tell of several steps. One whose contents were deleted
    /// is left out: what is left of it is no telemetry.
    pub(crate) fn record(&mut self, record: &RecordFacts, stored: &StoredBody) -> Result<()> {
        if record.facts.contents_deleted {
            self.lacks_contents = true;
            return Ok(());
        }
        if !self.seen.insert(record.id) {
            return Ok(());
        }
        let (signal, json) = match restore(record, stored)? {
            Restored::Span(span) => (&mut self.spans, to_json::span(&span)),
            Restored::Log(log) => (&mut self.logs, to_json::log(&log)),
        };
        signal.entry(Arc::clone(&stored.origin)).or_default().push(json);
        Ok(())
    }

    /// Adds a metric.
    pub(crate) fn metric(&mut self, origin: &Arc<[u8]>, metric: Json) {
        self.metrics.entry(Arc::clone(origin)).or_default().push(metric);
    }

    /// The whole as one object. Metrics are named only where there are some: a run has none.
    pub(crate) fn into_json(self) -> Json {
        let mut object = Map::new();
        object.insert("resourceSpans".into(), under_origins(self.spans, "scopeSpans", "spans"));
        object.insert("resourceLogs".into(), under_origins(self.logs, "scopeLogs", "logRecords"));
        if !self.metrics.is_empty() {
            object.insert("resourceMetrics".into(), under_origins(self.metrics, "scopeMetrics", "metrics"));
        }
        Json::Object(object)
    }
}

/// Records under their resources and scopes, with the keys of their signal.
fn under_origins(records: ByOrigin, scopes: &str, name: &str) -> Json {
    let under_origin = |(origin, records): (Arc<[u8]>, Vec<Json>)| {
        let origin: ResourceSpans = prost::Message::decode(&*origin).unwrap_or_default();
        let scope = origin.scope_spans.into_iter().next().unwrap_or_default();
        json!({ "resource": to_json::resource(origin.resource.as_ref()), "schemaUrl": origin.schema_url,
            scopes: [{ "scope": to_json::scope(scope.scope.as_ref()), "schemaUrl": scope.schema_url, name: records }] })
    };
    records.into_iter().map(under_origin).collect()
}
