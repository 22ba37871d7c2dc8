//! What fuzzing feeds: one plain function for each reader of bytes that others wrote. See the README beside this crate.
//!
//! Here: the functions and the rules that they check. Not here: where inputs come from (`tests`, `libfuzzer`).

#![expect(clippy::missing_panics_doc, reason = "a target panics when it has found a fault")]

mod mutator;
mod query;

pub use mutator::Mutator;
pub use query::query;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use turnscope_model::{Kind, Record, Role};
use turnscope_otlp::{
    cut::{self, Header},
    decode::{Budget, Format},
    receive,
    redact::Redactor,
};
use turnscope_store_sqlite::fuzzed;

/// A target's name, which is its folder in the corpus, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("protobuf", protobuf),
    ("json", json),
    ("cut", cut_and_restore),
    ("decompress", decompress),
    ("body", body),
    ("list", list),
    ("facts", facts),
    ("quarantine", quarantine),
    ("query", query),
];

/// What a body may decode to, in bytes.
const MOST_DECODED: usize = 64 << 20;

/// An OTLP request in protobuf, valid UTF-8 or not. The first byte says which signal.
pub fn protobuf(data: &[u8]) {
    request(data, Format::Protobuf);
}

/// An OTLP request in JSON. The first byte says which signal.
pub fn json(data: &[u8]) {
    request(data, Format::Json);
}

/// Whatever is accepted can be read back.
fn request(data: &[u8], format: Format) {
    let Some((signal, body)) = data.split_first() else { return };
    let body = body.to_vec().into();
    let grant = |bytes| bytes <= MOST_DECODED;
    let (redactor, budget) = (Redactor::default(), Budget::new(&grant));
    let records = match signal % 3 {
        0 => receive::traces(&body, format, &redactor, &budget).map(|read| read.records),
        1 => receive::logs(&body, format, &redactor, &budget).map(|read| read.records),
        _ => receive::metrics(&body, format, &redactor, &budget).map(|_| Vec::new()),
    };
    records.unwrap_or_default().iter().for_each(restores);
}

fn restores(record: &Record) {
    let header = Header::from(record);
    let restored = if cut::is_span(&record.body, &record.role) {
        cut::restore_span(&record.body, &header).map(drop)
    } else {
        cut::restore_log(&record.body, &header).map(drop)
    };
    restored.expect("what was cut is restored");
    assert!(record.end.is_none_or(|end| end >= record.start), "a record ends before it starts");
    assert!(!matches!(record.role, Role::Open) || record.end.is_none(), "an open step has an end");
}

/// A text as a span's messages: cut into items and put together again it is the same. The first byte says under which key.
pub fn cut_and_restore(data: &[u8]) {
    const KEYS: [&str; 5] = [
        "gen_ai.input.messages",
        "input.value",
        "gen_ai.tool.call.arguments",
        "llm.input_messages.0.content",
        "note",
    ];
    let Some((key, text)) = data.split_first() else { return };
    let key = KEYS[usize::from(*key) % KEYS.len()];
    let value = Some(AnyValue { value: Some(Any::StringValue(String::from_utf8_lossy(text).into_owned())) });
    let attributes = vec![KeyValue { key: key.to_owned(), value, ..KeyValue::default() }];
    let span = Span { name: "chat".to_owned(), attributes, ..Span::default() };
    let body = cut::span(span.clone(), Kind::Llm, &Header::default());
    assert_eq!(cut::restore_span(&body, &Header::default()).expect("it is restored"), span);
}

/// A compressed body. The first byte says how it is encoded.
pub fn decompress(data: &[u8]) {
    let Some((encoding, body)) = data.split_first() else { return };
    let encoding = ["gzip", "deflate", "zstd"][usize::from(*encoding) % 3];
    let limit = 1 << 20;
    if let Some(unpacked) = turnscope_server::decompressed(encoding, body, limit) {
        assert!(unpacked <= limit, "{unpacked} bytes came out of a limit of {limit}");
    }
}

/// A record's body as it lies in a block of the store.
pub fn body(data: &[u8]) {
    fuzzed::record_body(data);
}

/// A message list as it lies in the store. The first two bytes are the length of its base list.
pub fn list(data: &[u8]) {
    if let Some((base, list)) = data.split_first_chunk() {
        fuzzed::context_list(list, u16::from_le_bytes(*base));
    }
}

/// A record's facts as they lie in the store.
pub fn facts(data: &[u8]) {
    fuzzed::facts(data);
}

/// A request as it lies in the store's quarantine.
pub fn quarantine(data: &[u8]) {
    fuzzed::batch(data);
}
