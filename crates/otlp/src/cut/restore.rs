//! The way back: a body and what is header of its record make exactly what was sent.
//!
//! Ids that stand in the record are left out of the bytes, times are kept as differences to the record's: nearly
//! always nothing, and exact even where the record's own were corrected.

use super::{Header, error::RestoreError, flat};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use prost::Message as _;
use turnscope_model::{Body, Form, Role, Value};

/// The byte before the only item of a structure that was cut in one piece.
pub(super) const WHOLE: u8 = 1;

/// Before the bytes of a body that is not of the kind that its record's role lets one expect: a span that stands for an
/// event, a log record that opens a span. The mark is a protobuf field which neither message has.
const UNUSUAL: [u8; 3] = [0xa0, 0x1f, 0x01];

/// Puts the mark where it is needed.
pub(crate) fn mark(body: &mut Body, is_span: bool, role: &Role) {
    if is_span != expects_span(role) {
        body.bytes.splice(0..0, UNUSUAL);
    }
}

/// Whether a body is a span's, to be given to [`restore_span`], or a log record's, to be given to [`restore_log`].
pub fn is_span(body: &Body, role: &Role) -> bool {
    body.bytes.starts_with(&UNUSUAL) != expects_span(role)
}

fn expects_span(role: &Role) -> bool {
    matches!(role, Role::Span | Role::Open)
}

/// The span as it was sent.
pub fn restore_span(body: &Body, header: &Header) -> Result<Span, RestoreError> {
    let mut span = Span::decode(&body.bytes[..])?;
    put_back_id(&mut span.trace_id, header.trace_id.as_ref().map(|id| &id.bytes()[..]));
    put_back_id(&mut span.span_id, header.span_id.as_ref().map(|id| &id.bytes()[..]));
    put_back_id(&mut span.parent_span_id, header.parent_span_id.as_ref().map(|id| &id.bytes()[..]));
    span.start_time_unix_nano = span.start_time_unix_nano.wrapping_add(header.start_base());
    span.end_time_unix_nano = span.end_time_unix_nano.wrapping_add(header.end_base());
    if !body.values.is_empty() {
        fill_attributes(&mut span.attributes, &body.values)?;
        for event in &mut span.events {
            fill_attributes(&mut event.attributes, &body.values)?;
        }
        for link in &mut span.links {
            fill_attributes(&mut link.attributes, &body.values)?;
        }
    }
    for event in &mut span.events {
        event.time_unix_nano = event.time_unix_nano.wrapping_add(header.start_base());
    }
    Ok(span)
}

/// The attributes of a span that have one of these names, in their order. Nothing else of the body is put back.
///
/// # Errors
/// The body is no span's, or does not fit its values.
pub fn attributes_named(body: &Body, names: &[&str]) -> Result<Vec<KeyValue>, RestoreError> {
    let mut named = Vec::new();
    for mut kv in Attributes::decode(&body.bytes[..])?.attributes {
        let value = if body.values.is_empty() { None } else { slot(kv.value.as_ref(), &body.values)? };
        if let Some(group) = value.filter(|value| value.form == Form::Flat) {
            if names.iter().any(|name| name.starts_with(&kv.key)) {
                let group = flat::restore(&kv.key, group)?.attributes.into_iter();
                named.extend(group.filter(|kv| names.contains(&&*kv.key)));
            }
        } else if names.contains(&&*kv.key) {
            if let Some(any) = kv.value.as_mut().filter(|_| !body.values.is_empty()) {
                fill(any, &body.values)?;
            }
            named.push(kv);
        }
    }
    Ok(named)
}

/// A span's attributes without the rest of it.
#[derive(Clone, PartialEq, prost::Message)]
struct Attributes {
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

/// The log record as it was sent.
pub fn restore_log(body: &Body, header: &Header) -> Result<LogRecord, RestoreError> {
    let mut log = LogRecord::decode(&body.bytes[..])?;
    put_back_id(&mut log.trace_id, header.trace_id.as_ref().map(|id| &id.bytes()[..]));
    put_back_id(&mut log.span_id, header.span_id.as_ref().map(|id| &id.bytes()[..]));
    log.time_unix_nano = log.time_unix_nano.wrapping_add(header.start_base());
    log.observed_time_unix_nano = log.observed_time_unix_nano.wrapping_add(header.start_base());
    if !body.values.is_empty() {
        fill_attributes(&mut log.attributes, &body.values)?;
        if let Some(any) = &mut log.body {
            fill(any, &body.values)?;
        }
    }
    Ok(log)
}

/// The bytes of a span that has been cut.
pub(super) fn encode_span(mut span: Span, header: &Header) -> Vec<u8> {
    take_out_id(&mut span.trace_id, header.trace_id.as_ref().map(|id| &id.bytes()[..]));
    take_out_id(&mut span.span_id, header.span_id.as_ref().map(|id| &id.bytes()[..]));
    take_out_id(&mut span.parent_span_id, header.parent_span_id.as_ref().map(|id| &id.bytes()[..]));
    span.start_time_unix_nano = span.start_time_unix_nano.wrapping_sub(header.start_base());
    span.end_time_unix_nano = span.end_time_unix_nano.wrapping_sub(header.end_base());
    for event in &mut span.events {
        event.time_unix_nano = event.time_unix_nano.wrapping_sub(header.start_base());
    }
    span.encode_to_vec()
}

/// The bytes of a log record that has been cut.
pub(super) fn encode_log(mut log: LogRecord, header: &Header) -> Vec<u8> {
    take_out_id(&mut log.trace_id, header.trace_id.as_ref().map(|id| &id.bytes()[..]));
    take_out_id(&mut log.span_id, header.span_id.as_ref().map(|id| &id.bytes()[..]));
    log.time_unix_nano = log.time_unix_nano.wrapping_sub(header.start_base());
    log.observed_time_unix_nano = log.observed_time_unix_nano.wrapping_sub(header.start_base());
    log.encode_to_vec()
}

/// Counts a body's times from other times of its record: the times that it restores to stay as they are.
pub(crate) fn retime(body: &mut Body, role: &Role, from: &Header, to: &Header) {
    let (start, end) =
        (from.start_base().wrapping_sub(to.start_base()), from.end_base().wrapping_sub(to.end_base()));
    let is_span = is_span(body, role);
    let bytes = &body.bytes[..];
    let moved = if is_span {
        Span::decode(bytes).map(|mut span| {
            span.start_time_unix_nano = span.start_time_unix_nano.wrapping_add(start);
            span.end_time_unix_nano = span.end_time_unix_nano.wrapping_add(end);
            for event in &mut span.events {
                event.time_unix_nano = event.time_unix_nano.wrapping_add(start);
            }
            span.encode_to_vec()
        })
    } else {
        LogRecord::decode(bytes).map(|mut log| {
            log.time_unix_nano = log.time_unix_nano.wrapping_add(start);
            log.observed_time_unix_nano = log.observed_time_unix_nano.wrapping_add(start);
            log.encode_to_vec()
        })
    };
    // Bytes that were encoded a moment ago decode.
    if let Ok(moved) = moved {
        body.bytes = moved;
        mark(body, is_span, role);
    }
}

/// An id equal to the record's becomes empty. What was empty while the record has one, or was all zeros, gets a zero
/// more: ids of zeros only are invalid, so nothing else looks like that.
fn take_out_id(id: &mut Vec<u8>, header: Option<&[u8]>) {
    if id[..] == *header.unwrap_or(&[]) {
        id.clear();
    } else if id.iter().all(|byte| *byte == 0) {
        id.push(0);
    }
}

fn put_back_id(id: &mut Vec<u8>, header: Option<&[u8]>) {
    if id.is_empty() {
        id.extend_from_slice(header.unwrap_or(&[]));
    } else if id.iter().all(|byte| *byte == 0) {
        id.pop();
    }
}

fn fill_attributes(attributes: &mut Vec<KeyValue>, values: &[Value]) -> Result<(), RestoreError> {
    let mut scattered = Vec::new();
    let mut ordered = Vec::with_capacity(attributes.len());
    for mut kv in std::mem::take(attributes) {
        match slot(kv.value.as_ref(), values)? {
            Some(value) if value.form == Form::Flat => {
                let group = flat::restore(&kv.key, value)?;
                match group.places {
                    None => ordered.extend(group.attributes),
                    Some(places) => scattered.extend(places.into_iter().zip(group.attributes)),
                }
            }
            _ => {
                if let Some(any) = &mut kv.value {
                    fill(any, values)?;
                }
                ordered.push(kv);
            }
        }
    }
    if scattered.is_empty() {
        *attributes = ordered;
        return Ok(());
    }
    // Keys whose places were kept go there; the others fill what is left, in their order.
    scattered.sort_by_key(|(place, _)| *place);
    let mut scattered = scattered.into_iter().peekable();
    let mut ordered = ordered.into_iter();
    loop {
        let next = scattered.next_if(|(place, _)| *place == attributes.len()).map(|(_, kv)| kv);
        match next.or_else(|| ordered.next()) {
            Some(kv) => attributes.push(kv),
            None => break,
        }
    }
    if scattered.next().is_some() { Err(RestoreError::Envelope) } else { Ok(()) }
}

fn slot<'a>(any: Option<&AnyValue>, values: &'a [Value]) -> Result<Option<&'a Value>, RestoreError> {
    let Some(Any::StringValueStrindex(n)) = any.and_then(|any| any.value.as_ref()) else { return Ok(None) };
    let value = usize::try_from(*n).ok().and_then(|n| values.get(n));
    value.map(Some).ok_or(RestoreError::Slot(*n))
}

fn fill(any: &mut AnyValue, values: &[Value]) -> Result<(), RestoreError> {
    match &mut any.value {
        Some(Any::StringValueStrindex(n)) => {
            let n = *n;
            let value = slot(Some(any), values)?.ok_or(RestoreError::Slot(n))?;
            *any = put_back(value)?;
        }
        Some(Any::ArrayValue(array)) => {
            for any in &mut array.values {
                fill(any, values)?;
            }
        }
        Some(Any::KvlistValue(list)) => {
            for any in list.values.iter_mut().filter_map(|kv| kv.value.as_mut()) {
                fill(any, values)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn put_back(value: &Value) -> Result<AnyValue, RestoreError> {
    let content = match value.form {
        Form::Text => Any::StringValue(String::from_utf8(value.joined())?),
        Form::Bytes => Any::BytesValue(value.joined()),
        Form::Array => {
            if value.items.first().is_some_and(|item| item.at > 0) {
                return any_value_of_item(value.item(0));
            }
            let items = (0..value.items.len()).map(|n| any_value_of_item(value.item(n)));
            Any::ArrayValue(ArrayValue { values: items.collect::<Result<_, _>>()? })
        }
        Form::Flat => return Err(RestoreError::Envelope),
    };
    Ok(AnyValue { value: Some(content) })
}

/// The value that an item of form [`Form::Array`] holds.
pub fn any_value_of_item(bytes: &[u8]) -> Result<AnyValue, RestoreError> {
    Ok(AnyValue::decode(bytes)?)
}
