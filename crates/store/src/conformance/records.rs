//! Records in a line of code: agents, model calls and tools, named by small numbers.

use crate::{Batch, MetricRow};
use std::sync::Arc;
use turnscope_model::{
    Body, ContentHash, Facts, Form, GroupKey, Item, Kind, Origin, Purpose, Record, Role, RunId, SpanId,
    Status, TraceId, Usage, Value,
};

/// The first moment, in milliseconds since the epoch.
const START_MS: i64 = 1_700_000_000_000;

/// This many milliseconds after the first moment, in milliseconds since the epoch.
pub(super) fn ms(after: i64) -> i64 {
    START_MS + after
}

fn nanos(after: u64) -> u64 {
    (START_MS as u64 + after) * 1_000_000
}

pub(super) fn trace(n: u8) -> TraceId {
    TraceId::try_from(&[n; 16][..]).unwrap()
}

pub(super) fn span(n: u8) -> SpanId {
    SpanId::try_from(&[n; 8][..]).unwrap()
}

pub(super) fn run_id(trace_number: u8, span_number: u8) -> RunId {
    RunId::of_span(trace(trace_number), span(span_number))
}

fn shop() -> Arc<Origin> {
    Arc::new(Origin {
        service_name: "shop".into(),
        scope_name: String::new(),
        hash: ContentHash::of(Form::Bytes, b"shop"),
        bytes: b"shop".to_vec(),
    })
}

/// A span of a trace with its parent (0: none), from and to milliseconds after the first moment.
fn record(
    kind: Kind,
    name: &str,
    trace_number: u8,
    (id, parent): (u8, u8),
    (start, end): (u64, u64),
) -> Record {
    let trace_id = trace(trace_number);
    Record {
        role: Role::Span,
        trace_id: Some(trace_id),
        span_id: Some(span(id)),
        parent_span_id: (parent > 0).then(|| span(parent)),
        remote_parent: false,
        group: GroupKey::Trace(trace_id),
        start: nanos(start),
        end: Some(nanos(end)),
        status: Status::Unset,
        facts: Facts { name: name.to_owned(), kind, ..Facts::default() },
        body: Body { bytes: vec![id; 40], values: Vec::new() },
        origin: shop(),
    }
}

/// A log record of no trace.
pub(super) fn loose_log(name: &str) -> Record {
    let mut log = record(Kind::Other, name, 1, (1, 0), (0, 0));
    (log.role, log.group) = (Role::Log, GroupKey::None);
    (log.trace_id, log.span_id, log.end) = (None, None, None);
    log.body.bytes = name.into();
    log
}

pub(super) fn metric(name: &str) -> MetricRow {
    let (start, end) = (nanos(0), nanos(1));
    MetricRow { name: name.into(), origin: shop(), start, end, points: 1, bytes: name.into() }
}

pub(super) fn agent(name: &str, trace: u8, ids: (u8, u8), time: (u64, u64)) -> Record {
    let mut record = record(Kind::Run, name, trace, ids, time);
    record.facts.agent_name = Some(name.to_owned());
    record
}

/// A model call of 10 tokens in and 1 out with these messages and this answer.
pub(super) fn call(trace: u8, ids: (u8, u8), time: (u64, u64), messages: &[String], answer: &str) -> Record {
    let mut record = record(Kind::Llm, "chat", trace, ids, time);
    record.facts.response_model = Some("m-1".into());
    record.facts.usage = Usage { input_tokens: Some(10), output_tokens: Some(1), ..Usage::default() };
    record.facts.input_text = messages.last().cloned();
    record.facts.output_text = Some(answer.to_owned());
    record.body.values = vec![list(Purpose::Input, messages), list(Purpose::Output, &[answer.to_owned()])];
    record
}

pub(super) fn tool(trace: u8, ids: (u8, u8), time: (u64, u64), result: &str) -> Record {
    let mut record = record(Kind::Tool, "look", trace, ids, time);
    record.facts.tool_name = Some("look".into());
    record.body.values = vec![list(Purpose::Result, &[result.to_owned()])];
    record
}

fn list(purpose: Purpose, texts: &[String]) -> Value {
    let item = |text: &String| Item {
        at: 0,
        hash: ContentHash::of(Form::Text, text.as_bytes()),
        bytes: text.clone().into_bytes().into(),
    };
    Value { form: Form::Text, purpose, envelope: Vec::new(), items: texts.iter().map(item).collect() }
}

/// The first so many messages of a conversation.
pub(super) fn said(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("sentence {n} of a conversation that goes on for a while")).collect()
}

pub(super) fn batch(records: impl IntoIterator<Item = Record>) -> Batch {
    Batch { records: records.into_iter().collect(), metrics: Vec::new() }
}
