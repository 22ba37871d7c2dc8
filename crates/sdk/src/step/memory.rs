//! Reads from and writes to an agent's memory.

use super::{Step, guard::guard};
use opentelemetry::{KeyValue, trace::SpanKind};
use serde::Serialize;
use std::borrow::Cow;

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

    /// The query text. Recorded only if content capture is on.
    pub fn query(&self, text: &str) -> &Self {
        self.text("gen_ai.memory.query.text", text);
        self
    }

    /// The number of records found.
    #[inline]
    pub fn records(&self, count: u64) -> &Self {
        self.count("gen_ai.memory.record.count", count);
        self
    }
}

guard! {
    /// A write to a memory: `upsert_memory`.
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

    /// The record's id and text. The text is recorded only if content capture is on.
    pub fn record(&self, id: &str, text: &str) -> &Self {
        if self.is_off() {
            return self;
        }
        self.set("gen_ai.memory.record.id", id.to_owned());
        self.json("gen_ai.memory.records", &[MemoryRecord { id, content: text }]);
        self
    }
}

#[derive(Serialize)]
struct MemoryRecord<'a> {
    id: &'a str,
    content: &'a str,
}

fn memory(parent: &Step, operation: &'static str, store: Cow<'static, str>) -> Step {
    let attributes = vec![
        KeyValue::new("gen_ai.operation.name", operation),
        KeyValue::new("gen_ai.memory.store.id", store),
    ];
    parent.child(operation.into(), SpanKind::Internal, attributes)
}
