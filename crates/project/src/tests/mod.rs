//! One test for each sentence of the design's rules on runs, turns, steps and figures.

mod approvals;
mod counting;
mod figures;
mod records;
mod runs;
mod tools;
mod turns;

use super::RecordFacts;
use std::sync::Arc;
use turnscope_model::{Body, ContentHash, Form, GroupKey, Origin, Record};

/// The record that a record was made of, as far as its keys depend on it.
fn sent_record(record: &RecordFacts) -> Record {
    let origin = Origin {
        service_name: record.service_name.to_string(),
        scope_name: record.scope_name.to_string(),
        hash: ContentHash::of(Form::Bytes, b""),
        bytes: Vec::new(),
    };
    Record {
        role: record.role.clone(),
        trace_id: record.trace_id,
        span_id: record.span_id,
        parent_span_id: record.parent_span_id,
        remote_parent: record.remote_parent,
        group: GroupKey::None,
        start: record.start,
        end: record.end,
        status: record.status,
        facts: (*record.facts).clone(),
        body: Body::default(),
        origin: Arc::new(origin),
    }
}
