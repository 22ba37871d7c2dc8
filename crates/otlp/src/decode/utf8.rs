//! Texts that are no UTF-8, although OTLP says they must be.
//!
//! Protobuf: a walk that knows which fields are strings replaces what is wrong by U+FFFD and keeps the original bytes
//! of the record concerned in an attribute, so that nothing is lost. JSON: invalid bytes and halves of surrogate
//! pairs (JavaScript makes them when it cuts a text) become U+FFFD.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use prost::{
    Message as _,
    encoding::{decode_varint, encode_varint},
};

/// The attribute that keeps a repaired record's original bytes: its protobuf message as it was sent. It is empty
/// where the request was JSON.
pub const ORIGINAL_BYTES: &str = "turnscope.original_bytes";

/// How deep messages may be nested, as in prost.
const DEEPEST: usize = 100;

/// The fields of a message that matter here, and the field for attributes where the message is a record.
pub(super) struct Schema {
    fields: &'static [(u64, Field)],
    attributes: Option<u64>,
}

enum Field {
    Text,
    Message(&'static Schema),
}

use Field::{Message, Text};

const fn plain(fields: &'static [(u64, Field)]) -> Schema {
    Schema { fields, attributes: None }
}
const fn record(fields: &'static [(u64, Field)], attributes: u64) -> Schema {
    Schema { fields, attributes: Some(attributes) }
}

static ANY: Schema = plain(&[(1, Text), (5, Message(&ARRAY)), (6, Message(&PAIRS))]);
static ARRAY: Schema = plain(&[(1, Message(&ANY))]);
static PAIR: Schema = plain(&[(1, Text), (2, Message(&ANY))]);
static PAIRS: Schema = plain(&[(1, Message(&PAIR))]);
static ENTITY: Schema = plain(&[(1, Text), (2, Text), (3, Text), (4, Text)]);
static RESOURCE: Schema = record(&[(1, Message(&PAIR)), (3, Message(&ENTITY))], 1);
static SCOPE: Schema = record(&[(1, Text), (2, Text), (3, Message(&PAIR))], 3);

static EVENT: Schema = plain(&[(2, Text), (3, Message(&PAIR))]);
static LINK: Schema = plain(&[(3, Text), (4, Message(&PAIR))]);
static STATUS: Schema = plain(&[(2, Text)]);
static SPAN: Schema = record(
    &[
        (3, Text),
        (5, Text),
        (9, Message(&PAIR)),
        (11, Message(&EVENT)),
        (13, Message(&LINK)),
        (15, Message(&STATUS)),
    ],
    9,
);
static SCOPE_SPANS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&SPAN)), (3, Text)]);
static RESOURCE_SPANS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_SPANS)), (3, Text)]);
pub(super) static TRACES: Schema = plain(&[(1, Message(&RESOURCE_SPANS))]);

static LOG: Schema = record(&[(3, Text), (5, Message(&ANY)), (6, Message(&PAIR)), (12, Text)], 6);
static SCOPE_LOGS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&LOG)), (3, Text)]);
static RESOURCE_LOGS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_LOGS)), (3, Text)]);
pub(super) static LOGS: Schema = plain(&[(1, Message(&RESOURCE_LOGS))]);

static EXEMPLAR: Schema = plain(&[(7, Message(&PAIR))]);
static NUMBER: Schema = plain(&[(5, Message(&EXEMPLAR)), (7, Message(&PAIR))]);
static NUMBERS: Schema = plain(&[(1, Message(&NUMBER))]);
static HISTOGRAM_POINT: Schema = plain(&[(8, Message(&EXEMPLAR)), (9, Message(&PAIR))]);
static HISTOGRAM: Schema = plain(&[(1, Message(&HISTOGRAM_POINT))]);
static EXPONENTIAL_POINT: Schema = plain(&[(1, Message(&PAIR)), (11, Message(&EXEMPLAR))]);
static EXPONENTIAL: Schema = plain(&[(1, Message(&EXPONENTIAL_POINT))]);
static METRIC: Schema = record(
    &[
        (1, Text),
        (2, Text),
        (3, Text),
        (5, Message(&NUMBERS)),
        (7, Message(&NUMBERS)),
        (9, Message(&HISTOGRAM)),
        (10, Message(&EXPONENTIAL)),
        (11, Message(&NUMBERS)),
        (12, Message(&PAIR)),
    ],
    12,
);
static SCOPE_METRICS: Schema = plain(&[(1, Message(&SCOPE)), (2, Message(&METRIC)), (3, Text)]);
static RESOURCE_METRICS: Schema = plain(&[(1, Message(&RESOURCE)), (2, Message(&SCOPE_METRICS)), (3, Text)]);
pub(super) static METRICS: Schema = plain(&[(1, Message(&RESOURCE_METRICS))]);

/// The body with its invalid texts replaced; `None` where that is not what is wrong with it.
pub(super) fn repair(body: &[u8], schema: &'static Schema) -> Option<Vec<u8>> {
    message(body, schema, DEEPEST)?
}

/// The attribute that keeps original bytes.
pub(super) fn original(bytes: Vec<u8>) -> KeyValue {
    let value = Some(AnyValue { value: Some(Any::BytesValue(bytes)) });
    KeyValue { key: ORIGINAL_BYTES.to_owned(), value, key_strindex: 0 }
}

/// Outer `None`: no valid message. Inner `None`: nothing to repair.
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
        let known = schema.fields.iter().find(|(n, _)| *n == number && tag & 7 == 2);
        let repaired = match known {
            Some((_, Text)) => {
                let text = String::from_utf8_lossy(content);
                matches!(text, std::borrow::Cow::Owned(_)).then(|| text.into_owned().into_bytes())
            }
            Some((_, Message(inner))) => message(content, inner, depth)?,
            None => None,
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
        put(out, attributes, &original(bytes.to_vec()).encode_to_vec());
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
