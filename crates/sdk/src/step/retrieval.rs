//! Retrieval and ingestion of documents.

use super::{Step, guard::guard};
use opentelemetry::{KeyValue, trace::SpanKind};
use serde::Serialize;
use std::borrow::Cow;

guard! {
    /// A search in a data source: `retrieval SOURCE`, of kind client.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.retrieval("handbook").top_k(5).query("refunds").documents(&[serde_json::json!({"id": "p-4"})]);
    /// ```
    Retrieval
}

impl Retrieval {
    pub(crate) fn begin(parent: &Step, source: Cow<'static, str>) -> Self {
        let name = format!("retrieval {source}");
        let attributes = vec![
            KeyValue::new("gen_ai.operation.name", "retrieval"),
            KeyValue::new("gen_ai.data_source.id", source),
        ];
        Self { step: parent.child(name.into(), SpanKind::Client, attributes) }
    }

    /// The number of documents requested.
    #[inline]
    pub fn top_k(&self, k: u64) -> &Self {
        self.count("gen_ai.retrieval.top_k", k);
        self
    }

    /// The query text. Recorded only if content capture is on.
    pub fn query(&self, text: &str) -> &Self {
        self.text("gen_ai.retrieval.query.text", text);
        self
    }

    /// The documents found. Recorded only if content capture is on.
    pub fn documents<T: Serialize + ?Sized>(&self, documents: &T) -> &Self {
        self.json("gen_ai.retrieval.documents", documents);
        self
    }
}

guard! {
    /// Ingestion: reading documents into a store.
    ///
    /// ```
    /// let run = turnscope::run("indexer");
    /// run.ingest().files(3).chunks(40);
    /// ```
    Ingest
}

impl Ingest {
    pub(crate) fn begin(parent: &Step) -> Self {
        let attributes = vec![KeyValue::new("turnscope.step.kind", "ingest")];
        Self { step: parent.child("ingest".into(), SpanKind::Internal, attributes) }
    }

    /// The number of files read.
    #[inline]
    pub fn files(&self, count: u64) -> &Self {
        self.count("turnscope.ingest.files", count);
        self
    }

    /// The number of chunks made from them.
    #[inline]
    pub fn chunks(&self, count: u64) -> &Self {
        self.count("turnscope.ingest.chunks", count);
        self
    }
}
