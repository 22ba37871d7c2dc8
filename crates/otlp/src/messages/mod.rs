//! Canonical messages, made from what was sent: a pure function that is called on read.
//!
//! The way: `source` finds the values that are for something (one table of keys, shared with `cut`), `parse` and
//! `part` tell by structure what they are, whoever wrote them. Also here: the preview facts of the receiving path
//! (`preview`) and the text of one stored item for the search index (`text`).

mod approvals;
mod content;
mod definition;
mod events;
mod external;
mod failures;
pub(crate) mod json;
mod numbers;
mod parse;
mod part;
pub(crate) mod places;
mod plain_text;
mod preview;
mod printed;
mod signs;
mod source;
mod stream;
mod text;
mod typed;

pub use content::Content;
pub(crate) use content::{event_name, is_parameter};
pub use external::fetched;
pub(crate) use places::ContentPlace;
pub use preview::Previews;
pub(crate) use printed::fields as printed_fields;
pub use text::item_text;
pub use typed::mark_injected;

use crate::cut;
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use serde_json::Value as Json;
use source::{Record, Source};
use turnscope_model::{Form, Kind, Message, Part, Purpose, Value};

/// The previews of a span that has been cut.
pub(crate) fn span_previews(span: &Span, values: &[Value], kind: Kind) -> Previews {
    preview::previews(Record::of_span(span, values, kind))
}

/// The previews of a log record that has been cut.
pub(crate) fn log_previews(log: &LogRecord, values: &[Value], kind: Kind, event: &str) -> Previews {
    preview::previews(Record::of_log(log, values, kind, event))
}

impl Previews {
    /// The previews of a span as it was sent.
    pub fn of_span(span: &Span, kind: Kind) -> Self {
        let (span, values) = cut_again(span, kind);
        span_previews(&span, &values, kind)
    }

    /// The previews of a log record as it was sent.
    pub fn of_log(log: &LogRecord, kind: Kind) -> Self {
        let (log, event, values) = content::cut_log(log, kind);
        log_previews(&log, &values, kind, &event)
    }
}

/// One stored item of a list of messages as the messages it is: nearly always one.
pub fn item_messages(form: Form, bytes: &[u8]) -> Vec<Message> {
    let found = parse::messages_or_text(&source::item(form, bytes), "user");
    with_ids(found, Some(turnscope_model::ContentHash::of(form, bytes)))
}

/// A value that is not a message, such as a tool's arguments, as a message of this role.
pub fn plain_message(role: &str, value: &Json) -> Message {
    let parts = vec![Part::Text { content: plain_text::plain_text(value) }];
    Message { role: role.to_owned(), parts, ..Message::default() }
}

/// The messages under one key, each with its id.
fn of_source(source: &Source<'_>, role: &str) -> Vec<Message> {
    if matches!(source.key, "content" | "message" | "") && !source.event.is_empty() {
        return events::messages(source);
    }
    if let Some(message) = content::vercel_answer(source) {
        return with_ids(vec![message], None);
    }
    if let Some(answer) = answer_beside_its_request(source) {
        return with_ids(parse::messages(&answer, role), None);
    }
    let only = source.sent.len() == 1;
    let mut found = Vec::new();
    for n in 0..source.sent.len() {
        let (json, hash) = source.sent.item(n);
        let messages = if only { parse::messages_or_text(&json, role) } else { in_list(&json, role) };
        found.extend(with_ids(messages, hash));
    }
    if let Some(tail) = source.sent.cut_off() {
        let parts = vec![Part::Other { value: Json::String(tail) }];
        found.extend(with_ids(vec![Message { role: String::new(), parts, ..Message::default() }], None));
    }
    found
}

/// The answer in an output that repeats the request, by whose list of messages it was cut: `{"message": …, "request": …}`.
fn answer_beside_its_request(source: &Source<'_>) -> Option<Json> {
    let source::Sent::Cut(value) = source.sent else { return None };
    let before = value.separator(0);
    let has = |word: &[u8]| memchr::memmem::find(before, word).is_some();
    if source.purpose != Purpose::Output || !has(b"\"message\"") || !has(b"\"request\"") {
        return None;
    }
    let Json::Object(mut map) = source.sent.json() else { return None };
    map.remove("message").filter(|message| message.is_object() && map.contains_key("request"))
}

/// An item of a list: kept whole where it is not a message of a known form.
fn in_list(json: &Json, role: &str) -> Vec<Message> {
    let found = parse::messages(json, role);
    if !found.is_empty() {
        return found;
    }
    match json {
        Json::Null => Vec::new(),
        Json::String(text) => vec![Message::text(role, text.clone())],
        other => {
            let parts = vec![Part::Other { value: other.clone() }];
            vec![Message { role: role.to_owned(), parts, ..Message::default() }]
        }
    }
}

fn with_ids(mut messages: Vec<Message>, item: Option<turnscope_model::ContentHash>) -> Vec<Message> {
    let item = item.filter(|_| messages.len() == 1);
    for message in &mut messages {
        message.id = events::id(message, item);
    }
    messages
}

/// A span cut as on receipt, so that items and their ids are the same.
fn cut_again(span: &Span, kind: Kind) -> (Span, Vec<Value>) {
    let mut span = span.clone();
    let values = cut::span_values(&mut span, kind, &mut cut::Contents::default());
    (span, values)
}
