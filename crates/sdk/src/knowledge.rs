//! What an agent looks up and remembers: retrievals, memories, ingests.

use crate::{Step, guard::guard};
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

    /// How many documents were asked for.
    #[inline]
    pub fn top_k(&self, k: u64) -> &Self {
        self.count("gen_ai.retrieval.top_k", k);
        self
    }

    /// What was looked for. Recorded with content only.
    pub fn query(&self, text: &str) -> &Self {
        self.content("gen_ai.retrieval.query.text", || text.to_owned());
        self
    }

    /// What was found. Recorded with content only.
    pub fn documents<T: Serialize + ?Sized>(&self, documents: &T) -> &Self {
        self.content("gen_ai.retrieval.documents", || crate::json_text(documents));
        self
    }
}

guard! {
    /// A search in a memory: `search_memory`.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.memory_read("customers").query("Ada").records(2);
    /// ```
    MemoryRead
}

impl MemoryRead {
    pub(crate) fn begin(parent: &Step, store: Cow<'static, str>) -> Self {
        Self { step: memory(parent, "search_memory", store) }
    }

    /// What was looked for. Recorded with content only.
    pub fn query(&self, text: &str) -> &Self {
        self.content("gen_ai.memory.query.text", || text.to_owned());
        self
    }

    /// How many records were found.
    #[inline]
    pub fn records(&self, count: u64) -> &Self {
        self.count("gen_ai.memory.record.count", count);
        self
    }
}

guard! {
    /// Writing into a memory: `upsert_memory`.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// run.memory_write("customers").record("ada", "prefers e-mail");
    /// ```
    MemoryWrite
}

impl MemoryWrite {
    pub(crate) fn begin(parent: &Step, store: Cow<'static, str>) -> Self {
        Self { step: memory(parent, "upsert_memory", store) }
    }

    /// The record's id; its text is recorded with content only.
    pub fn record(&self, id: &str, text: &str) -> &Self {
        if self.is_off() {
            return self;
        }
        self.set("gen_ai.memory.record.id", id.to_owned());
        self.content("gen_ai.memory.records", || {
            serde_json::json!([{"id": id, "content": text}]).to_string()
        });
        self
    }
}

fn memory(parent: &Step, operation: &'static str, store: Cow<'static, str>) -> Step {
    let attributes = vec![
        KeyValue::new("gen_ai.operation.name", operation),
        KeyValue::new("gen_ai.memory.store.id", store),
    ];
    parent.child(operation.into(), SpanKind::Internal, attributes)
}

guard! {
    /// Reading documents into a store.
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

    /// How many files were read.
    #[inline]
    pub fn files(&self, count: u64) -> &Self {
        self.count("turnscope.ingest.files", count);
        self
    }

    /// How many chunks they made.
    #[inline]
    pub fn chunks(&self, count: u64) -> &Self {
        self.count("turnscope.ingest.chunks", count);
        self
    }
}
