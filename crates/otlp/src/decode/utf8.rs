//! Texts that are not UTF-8, although OTLP requires it.
//!
//! Protobuf: a walk that knows which fields are strings replaces what is wrong by U+FFFD and keeps the original bytes
//! of the record concerned in an attribute, so that nothing is lost. JSON: invalid bytes and halves of surrogate
//! pairs (JavaScript makes them when it cuts a text) become U+FFFD.

use super::schema::{DEEPEST, Field, Schema};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use prost::{
    Message as _,
    encoding::{decode_varint, encode_varint},
};

/// The attribute that keeps a repaired record's original bytes: its protobuf message as it was sent. It is empty
/// where the request was JSON.
pub const ORIGINAL_BYTES: &str = "turnscope.original_bytes";

/// The body with its invalid texts replaced; `None` where that is not what is wrong with it.
pub(super) fn repair(body: &[u8], schema: &'static Schema) -> Option<Vec<u8>> {
    message(body, schema, DEEPEST)?
}

/// The attribute that keeps original bytes.
pub(super) fn original(bytes: Vec<u8>) -> KeyValue {
    let value = Some(AnyValue { value: Some(Any::BytesValue(bytes)) });
    KeyValue { key: ORIGINAL_BYTES.to_owned(), value, key_strindex: 0 }
}

/// Outer `None`: not a valid message. Inner `None`: nothing to repair.
#[allow(clippy::option_option, reason = "the two mean different things and stay within this file")]
fn message(bytes: &[u8], schema: &Schema, depth: usize) -> Option<Option<Vec<u8>>> {
    let depth = depth.checked_sub(1)?;
    let mut out: Option<Vec<u8>> = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let start = bytes.len() - rest.len();
        let tag = decode_varint(&mut rest).ok()?;
        let content = field(&mut rest, tag)?;
        let number = tag >> 3;
        let known = u32::try_from(number).ok().filter(|_| tag & 7 == 2).and_then(|n| schema.field(n));
        let repaired = match known {
            Some(Field::Text | Field::Texts) => {
                let text = String::from_utf8_lossy(content);
                matches!(text, std::borrow::Cow::Owned(_)).then(|| text.into_owned().into_bytes())
            }
            // A record that cannot be read is left out where it is decoded, and says nothing of the others.
            Some(Field::Many(inner)) if inner.attributes.is_some() => {
                message(content, inner, depth).unwrap_or_default()
            }
            Some(Field::One(inner) | Field::Many(inner)) => message(content, inner, depth)?,
            Some(Field::Numbers) | None => None,
        };
        let end = bytes.len() - rest.len();
        match (&mut out, repaired) {
            (None, None) => {}
            (Some(out), None) => out.extend_from_slice(&bytes[start..end]),
            (out, Some(content)) => {
                let out = out.get_or_insert_with(|| bytes[..start].to_vec());
                put(out, number, &content);
            }
        }
    }
    if let (Some(out), Some(attributes)) = (&mut out, schema.attributes) {
        put(out, attributes.into(), &original(bytes.to_vec()).encode_to_vec());
    }
    Some(out)
}

/// Takes one field's content; the content of a field with a length is without it.
fn field<'a>(rest: &mut &'a [u8], tag: u64) -> Option<&'a [u8]> {
    let len = match tag & 7 {
        0 => {
            let before = *rest;
            decode_varint(rest).ok()?;
            return before.get(..before.len() - rest.len());
        }
        1 => 8,
        2 => usize::try_from(decode_varint(rest).ok()?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(content)
}

fn put(out: &mut Vec<u8>, number: u64, content: &[u8]) {
    encode_varint(number << 3 | 2, out);
    encode_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

/// A JSON body with its invalid texts replaced; `None` where there is nothing to replace.
pub(super) fn repair_json(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let mut out = String::with_capacity(text.len());
    let mut changed = matches!(text, std::borrow::Cow::Owned(_));
    let mut rest = &text[..];
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let len = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(_), _) => {
                changed = true;
                out.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // An escaped backslash must not be taken for the beginning of the next escape.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at),
        };
        out.push_str(&escape[..len]);
        rest = &escape[len..];
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// The half of a surrogate pair that this text begins with.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok().filter(|code| (0xD800..0xE000).contains(code))
}
