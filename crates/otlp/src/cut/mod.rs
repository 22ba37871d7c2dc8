//! Cuts large values and messages out of a record's body, and puts them back.
//!
//! Here: the walk over a span's or log record's values, and what is cut out of it. In the files below: where a JSON
//! text is taken apart (`json`), flattened keys (`flat`), what a value is for (`purpose`), the way back (`restore`).
//! Not here: reading messages (`messages`), packing (`store`).
//!
//! A slot is an `AnyValue` that holds a string table index, which OTLP allows in profiles only: slot `i` marks the
//! place of `values[i]`. A record in which a client sent such an index itself is left whole.

mod contents;
mod error;
mod event_role;
mod flat;
pub(crate) mod json;
mod purpose;
mod restore;

pub(crate) use contents::Contents;
pub use error::RestoreError;
pub(crate) use event_role::event_role;
pub(crate) use purpose::{EVENT_RANK, KEYS, is_guess, is_meaningful};
pub use restore::{any_value_of_item, attributes_named, is_span, restore_log, restore_span};
pub(crate) use restore::{mark, retime};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use prost::Message as _;
use purpose::RecordContext;
use turnscope_model::{
    Body, ContentHash, Form, Item, Kind, Purpose, Record, SpanId, TraceId, UnixNanos, Value,
};

/// From this length on, a value is cut out whatever its purpose.
const LARGE: usize = 200;
/// The latest time that a signed integer holds.
const LATEST: UnixNanos = i64::MAX as UnixNanos;
/// A list whose items are shorter than this on average is not a list of messages: it stays in one piece.
const SHORTEST_ITEM: usize = 8;

/// The ids and times that a record has in columns of its own: the body's bytes leave them out. It must be the same when the
/// body is cut and when it is restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The record's trace.
    pub trace_id: Option<TraceId>,
    /// The record's span.
    pub span_id: Option<SpanId>,
    /// The record's parent.
    pub parent_span_id: Option<SpanId>,
    /// The record's start.
    pub start: UnixNanos,
    /// The record's end.
    pub end: Option<UnixNanos>,
}

impl Header {
    /// What the body's times count from: clamped, because a store may keep times as signed integers.
    fn start_base(&self) -> UnixNanos {
        self.start.min(LATEST)
    }
    fn end_base(&self) -> UnixNanos {
        self.end.unwrap_or(0).min(LATEST)
    }
}

impl From<&Record> for Header {
    fn from(record: &Record) -> Self {
        Self {
            trace_id: record.trace_id,
            span_id: record.span_id,
            parent_span_id: record.parent_span_id,
            start: record.start,
            end: record.end,
        }
    }
}

/// Cuts a span: its body, exact together with `header`.
pub fn span(mut span: Span, kind: Kind, header: &Header) -> Body {
    let values = span_values(&mut span, kind, &mut Contents::default());
    span_body(span, values, header)
}

/// Cuts a log record: its body, exact together with `header`. `event` is its event name, or empty.
pub fn log(mut log: LogRecord, event: &str, kind: Kind, header: &Header) -> Body {
    let values = log_values(&mut log, event, kind, &mut Contents::default());
    log_body(log, values, header)
}

/// A span that has been cut, with its values put back.
pub(crate) fn uncut_span(span: &Span, values: &[Value]) -> Result<Span, RestoreError> {
    restore_span(&span_body(span.clone(), values.to_vec(), &Header::default()), &Header::default())
}

/// A log record that has been cut, with its values put back.
pub(crate) fn uncut_log(log: &LogRecord, values: &[Value]) -> Result<LogRecord, RestoreError> {
    restore_log(&log_body(log.clone(), values.to_vec(), &Header::default()), &Header::default())
}

/// The body of a span that has been cut.
pub(crate) fn span_body(span: Span, values: Vec<Value>, header: &Header) -> Body {
    Body { bytes: restore::encode_span(span, header), values }
}

/// The body of a log record that has been cut.
pub(crate) fn log_body(log: LogRecord, values: Vec<Value>, header: &Header) -> Body {
    Body { bytes: restore::encode_log(log, header), values }
}

/// Takes the values out of a span and leaves slots.
pub(crate) fn span_values(span: &mut Span, kind: Kind, contents: &mut Contents) -> Vec<Value> {
    let sent_slots = has_slot(&span.attributes)
        || span.events.iter().any(|event| has_slot(&event.attributes))
        || span.links.iter().any(|link| has_slot(&link.attributes));
    let mut cutter = Cutter { contents, values: Vec::new(), ranks: Vec::new() };
    if !sent_slots {
        cutter.attributes(&mut span.attributes, RecordContext { kind, event: "" });
        for event in &mut span.events {
            cutter.attributes(&mut event.attributes, RecordContext { kind, event: &event.name });
        }
        for link in &mut span.links {
            cutter.attributes(&mut link.attributes, RecordContext { kind: Kind::Other, event: "" });
        }
    }
    cutter.finish()
}

/// Takes the values out of a log record and leaves slots.
pub(crate) fn log_values(
    log: &mut LogRecord,
    event: &str,
    kind: Kind,
    contents: &mut Contents,
) -> Vec<Value> {
    let mut cutter = Cutter { contents, values: Vec::new(), ranks: Vec::new() };
    let sent_slots = has_slot(&log.attributes) || log.body.as_ref().is_some_and(any_has_slot);
    if !sent_slots {
        let context = RecordContext { kind, event };
        cutter.attributes(&mut log.attributes, context);
        if let Some(body) = &mut log.body {
            cutter.log_body(body, context);
        }
    }
    cutter.finish()
}

/// What the value under this key is for, and the key's rank among those for the same: lower is better.
pub(crate) fn purpose_of(key: &str, kind: Kind, event: &str) -> (Purpose, u8) {
    purpose::of(key, RecordContext { kind, event })
}

/// What a log record's body is for.
pub(crate) fn purpose_of_log_body(body: &AnyValue, kind: Kind, event: &str) -> Purpose {
    purpose::of_log_body(body, RecordContext { kind, event })
}

/// The hash over the list of messages that a call was sent; `None` where no messages were sent.
pub fn context(values: &[Value]) -> Option<u64> {
    hash_of(values, Purpose::Input)
}

/// Hash over what a tool was called with.
pub fn arguments(values: &[Value]) -> Option<u64> {
    hash_of(values, Purpose::Arguments)
}

fn hash_of(values: &[Value], purpose: Purpose) -> Option<u64> {
    let mut inputs = values.iter().filter(|value| value.purpose == purpose).peekable();
    inputs.peek()?;
    let hashes: Vec<u8> = inputs.flat_map(|value| &value.items).flat_map(|item| *item.hash.bytes()).collect();
    let hash = ContentHash::of(Form::Bytes, &hashes);
    Some(hash.prefix() as u64)
}

fn has_slot(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|kv| kv.key_strindex == flat::MOVED || kv.value.as_ref().is_some_and(any_has_slot))
}

fn any_has_slot(any: &AnyValue) -> bool {
    match &any.value {
        Some(Any::StringValueStrindex(_)) => true,
        Some(Any::ArrayValue(array)) => array.values.iter().any(any_has_slot),
        Some(Any::KvlistValue(list)) => has_slot(&list.values),
        _ => false,
    }
}

/// What has been cut out of one record so far, each with the rank of its key.
struct Cutter<'a> {
    contents: &'a mut Contents,
    values: Vec<Value>,
    ranks: Vec<u8>,
}

impl Cutter<'_> {
    fn attributes(&mut self, attributes: &mut Vec<KeyValue>, context: RecordContext<'_>) {
        self.flattened(attributes, context);
        for kv in attributes {
            let Some(any) = &mut kv.value else { continue };
            let (purpose, rank) = purpose::of(&kv.key, context);
            self.any(any, purpose, rank, purpose::is_one_message(&kv.key, context));
        }
    }

    fn flattened(&mut self, attributes: &mut Vec<KeyValue>, context: RecordContext<'_>) {
        for group in flat::groups(attributes) {
            let (purpose, rank) = purpose::of(&group.prefix, context);
            if purpose == Purpose::Other && group.bytes < LARGE {
                continue;
            }
            let slot = self.next_slot();
            let value = flat::cut(attributes, &group, purpose, slot, self.contents);
            self.push(value, rank);
        }
        flat::sweep(attributes);
    }

    /// Cuts one value. `one` says that it is a single message, so that a list in it is not taken apart.
    fn any(&mut self, any: &mut AnyValue, purpose: Purpose, rank: u8, one: bool) {
        let cut = match &mut any.value {
            Some(Any::StringValue(text)) => text_value(text, purpose, one, self.contents),
            Some(Any::BytesValue(bytes)) if bytes.len() >= LARGE => {
                Some(whole(Form::Bytes, purpose, std::mem::take(bytes), self.contents))
            }
            Some(Any::ArrayValue(array)) => array_value(array, purpose, one, self.contents),
            Some(Any::KvlistValue(list)) => {
                if purpose == Purpose::Other {
                    for kv in &mut list.values {
                        if let Some(any) = &mut kv.value {
                            self.any(any, Purpose::Other, rank, one);
                        }
                    }
                    None
                } else {
                    Some(whole_structure(&std::mem::take(any), purpose, self.contents))
                }
            }
            _ => None,
        };
        if let Some(value) = cut {
            any.value = Some(self.next_slot());
            self.push(value, rank);
        }
    }

    fn log_body(&mut self, body: &mut AnyValue, context: RecordContext<'_>) {
        let purpose = purpose::of_log_body(body, context);
        if let (Purpose::Other, Some(Any::KvlistValue(list))) = (purpose, &mut body.value) {
            // A map of several things, which its keys tell apart.
            for kv in &mut list.values {
                let (purpose, rank) = purpose::of(&kv.key, context);
                if let Some(any) = &mut kv.value {
                    self.any(any, purpose, rank, false);
                }
            }
            return;
        }
        self.any(body, purpose, purpose::EVENT_RANK, purpose != Purpose::Other);
    }

    fn next_slot(&self) -> Any {
        Any::StringValueStrindex(i32::try_from(self.values.len()).unwrap_or(i32::MAX))
    }

    fn push(&mut self, value: Value, rank: u8) {
        self.values.push(value);
        self.ranks.push(rank);
    }

    /// Many producers write the same messages under two keys (a list of messages, and the raw request that holds
    /// it). Only the best one is the input or output; the others are kept, but neither searched nor a context.
    fn finish(mut self) -> Vec<Value> {
        for purpose in
            [Purpose::Input, Purpose::Output, Purpose::Definitions, Purpose::Arguments, Purpose::Result]
        {
            let of_purpose = |value: &Value| value.purpose == purpose;
            let best =
                self.values.iter().zip(&self.ranks).filter(|(v, _)| of_purpose(v)).map(|(_, r)| *r).min();
            for (value, rank) in self.values.iter_mut().zip(&self.ranks) {
                if value.purpose == purpose && Some(*rank) > best {
                    value.purpose = Purpose::Other;
                }
            }
        }
        self.values
    }
}

/// A string: a list of items where it is JSON that holds one, else one piece; `None` where it stays in place.
fn text_value(text: &mut String, purpose: Purpose, one: bool, contents: &mut Contents) -> Option<Value> {
    let searched = purpose.is_searched() || purpose == Purpose::Definitions;
    if text.len() < LARGE && !(searched && purpose::is_meaningful(text)) {
        return None;
    }
    let in_pieces = !one && !matches!(purpose, Purpose::Arguments | Purpose::Result);
    let ranges = if in_pieces { json::items(text.as_bytes()) } else { None };
    let data = std::mem::take(text).into_bytes();
    let Some(ranges) = ranges else { return Some(whole(Form::Text, purpose, data, contents)) };
    let mut envelope = Vec::with_capacity(2 * ranges.len() + 2);
    let mut items = Vec::with_capacity(ranges.len());
    let mut end = 0;
    for range in ranges {
        envelope.extend_from_slice(&data[end..range.start]);
        end = range.end;
        items.push(contents.part(Form::Text, envelope.len(), &data[range]));
    }
    envelope.extend_from_slice(&data[end..]);
    Some(Value { form: Form::Text, purpose, envelope, items })
}

/// A structured array: a list of items where its elements are of some size, else one piece.
fn array_value(
    array: &mut ArrayValue,
    purpose: Purpose,
    one: bool,
    contents: &mut Contents,
) -> Option<Value> {
    let searched = purpose.is_searched() || purpose == Purpose::Definitions;
    let len = array.encoded_len();
    if array.values.is_empty() || (len < LARGE && !searched) {
        return None;
    }
    let of_messages = array
        .values
        .iter()
        .any(|any| matches!(any.value, Some(Any::KvlistValue(_) | Any::StringValue(_) | Any::ArrayValue(_))));
    if one || !of_messages || len / array.values.len() < SHORTEST_ITEM {
        let any = AnyValue { value: Some(Any::ArrayValue(std::mem::take(array))) };
        return Some(whole_structure(&any, purpose, contents));
    }
    let values = std::mem::take(&mut array.values);
    let items = values.iter().map(|any| contents.encoded(Form::Array, 0, any.encode_to_vec())).collect();
    Some(Value { form: Form::Array, purpose, envelope: Vec::new(), items })
}

fn whole(form: Form, purpose: Purpose, data: Vec<u8>, contents: &mut Contents) -> Value {
    Value { form, purpose, envelope: Vec::new(), items: vec![contents.whole(form, data)] }
}

/// A structure as one item; the byte before it distinguishes it from a list with one item.
fn whole_structure(any: &AnyValue, purpose: Purpose, contents: &mut Contents) -> Value {
    let item = contents.whole(Form::Array, any.encode_to_vec());
    let envelope = vec![restore::WHOLE];
    Value { form: Form::Array, purpose, items: vec![Item { at: envelope.len(), ..item }], envelope }
}
