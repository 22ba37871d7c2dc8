//! One test for each sentence of the design's rules on runs, turns, steps and figures.

mod figures;
mod records;
mod runs;
mod tools;
mod turns;

use super::Node;
use std::sync::Arc;
use turnscope_model::{Body, ContentHash, Form, Origin, Record, Unit};

/// The record that a node was made of, as far as its keys depend on it.
fn record(node: &Node) -> Record {
    let origin = Origin {
        service_name: node.service_name.to_string(),
        scope_name: node.scope_name.to_string(),
        hash: ContentHash::of(Form::Bytes, b""),
        bytes: Vec::new(),
    };
    Record {
        role: node.role.clone(),
        trace_id: node.trace_id,
        span_id: node.span_id,
        parent_span_id: node.parent_span_id,
        remote_parent: node.remote_parent,
        unit: Unit::None,
        start: node.start,
        end: node.end,
        status: node.status,
        facts: (*node.facts).clone(),
        body: Body::default(),
        origin: Arc::new(origin),
    }
}
