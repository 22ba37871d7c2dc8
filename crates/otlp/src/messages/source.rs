//! Where a record's content stands: every value that is for something, with its rank.
//!
//! One table, `cut::purpose`, says what a key is for; so what is searched and what is shown cannot disagree. Here: the
//! values under those keys, in attributes, events and joined log records, cut or not. Not here: what they mean.

use super::json;
use crate::cut;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, KeyValueList, any_value::Value as Any},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use prost::Message as _;
use serde_json::Value as Json;
use turnscope_model::{ContentHash, Form, Kind, Purpose, Value};

/// The rank of arguments and results that are empty: anything else goes before.
const EMPTY_RANK: u8 = u8::MAX;

/// A span or log record whose values have been cut out.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) attributes: &'a [KeyValue],
    pub(crate) events: &'a [opentelemetry_proto::tonic::trace::v1::span::Event],
    pub(crate) body: Option<&'a AnyValue>,
    pub(crate) values: &'a [Value],
    pub(crate) kind: Kind,
    /// A log record's event name.
    pub(crate) event: &'a str,
}

impl<'a> Record<'a> {
    pub(crate) fn of_span(span: &'a Span, values: &'a [Value], kind: Kind) -> Self {
        Self { attributes: &span.attributes, events: &span.events, body: None, values, kind, event: "" }
    }

    pub(crate) fn of_log(log: &'a LogRecord, values: &'a [Value], kind: Kind, event: &'a str) -> Self {
        Self { attributes: &log.attributes, events: &[], body: log.body.as_ref(), values, kind, event }
    }

    /// Everything in this record that is for something.
    pub(crate) fn sources(self) -> Vec<Source<'a>> {
        let mut found = Vec::new();
        self.of_attributes(self.attributes, self.event, &mut found);
        for event in self.events {
            self.of_attributes(&event.attributes, &event.name, &mut found);
        }
        if let Some(any) = self.body {
            let purpose = match self.cut(any) {
                Some(value) => value.purpose,
                None => cut::purpose_of_log_body(any, self.kind, self.event),
            };
            if let (Purpose::Other, Some(Any::KvlistValue(list))) = (purpose, &any.value) {
                self.of_attributes(&list.values, self.event, &mut found);
            } else if purpose != Purpose::Other {
                let sent = self.sent(any);
                found.push(Source { key: "", event: self.event, purpose, rank: cut::EVENT_RANK, sent });
            }
        }
        found
    }

    /// The value under one key of the record's own attributes.
    pub(crate) fn get(self, key: &str) -> Option<Sent<'a>> {
        let any = self.attributes.iter().find(|kv| kv.key == key)?.value.as_ref()?;
        Some(self.sent(any))
    }

    fn of_attributes(self, attributes: &'a [KeyValue], event: &'a str, found: &mut Vec<Source<'a>>) {
        for kv in attributes {
            let Some(any) = &kv.value else { continue };
            let (purpose, rank) = cut::purpose_of(&kv.key, self.kind, event);
            let sent = self.sent(any);
            let says = sent.is_meaningful() && !(cut::is_guess(rank) && sent.is_number());
            if purpose != Purpose::Other && says {
                found.push(Source { key: &kv.key, event, purpose, rank, sent });
            } else if matches!(purpose, Purpose::Arguments | Purpose::Result)
                && !cut::is_guess(rank)
                && sent.is_empty_value()
            {
                found.push(Source { key: &kv.key, event, purpose, rank: EMPTY_RANK, sent });
            }
        }
    }

    fn cut(self, any: &AnyValue) -> Option<&'a Value> {
        let Some(Any::StringValueStrindex(n)) = any.value else { return None };
        self.values.get(usize::try_from(n).ok()?)
    }

    fn sent(self, any: &'a AnyValue) -> Sent<'a> {
        self.cut(any).map_or(Sent::Inline(any), Sent::Cut)
    }
}

/// One value that is for something.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) key: &'a str,
    pub(crate) event: &'a str,
    pub(crate) purpose: Purpose,
    pub(crate) rank: u8,
    pub(crate) sent: Sent<'a>,
}

/// A value as it was sent.
#[derive(Clone, Copy)]
pub(crate) enum Sent<'a> {
    Inline(&'a AnyValue),
    Cut(&'a Value),
}

impl<'a> Sent<'a> {
    /// The bytes of item `n`, where it was cut.
    pub(crate) fn bytes(self, n: usize) -> Option<&'a [u8]> {
        match self {
            Self::Inline(_) => None,
            Self::Cut(value) => Some(value.item(n)),
        }
    }

    /// The hash of item `n`, where it was cut.
    pub(crate) fn hash(self, n: usize) -> Option<ContentHash> {
        match self {
            Self::Inline(_) => None,
            Self::Cut(value) => value.items.get(n).map(|item| item.hash),
        }
    }

    /// Whether it says anything.
    fn is_meaningful(self) -> bool {
        match self {
            Self::Inline(any) => match &any.value {
                Some(Any::StringValue(text)) => cut::is_meaningful(text),
                Some(Any::ArrayValue(array)) => !array.values.is_empty(),
                Some(_) => true,
                None => false,
            },
            Self::Cut(_) => true,
        }
    }

    /// Whether it is nothing, as JSON has it: what a tool is given that takes nothing, and gives that finds nothing. Some
    /// producers write the same where content is switched off.
    fn is_empty_value(self) -> bool {
        match self {
            Self::Inline(AnyValue { value: Some(Any::StringValue(text)) }) => {
                matches!(text.trim(), "{}" | "[]" | "null")
            }
            Self::Inline(AnyValue { value: Some(Any::ArrayValue(array)) }) => array.values.is_empty(),
            _ => false,
        }
    }

    /// Whether the list that was cut out is one of questions to a person, which nobody said.
    pub(crate) fn is_interrupt(self) -> bool {
        self.is_list_of("__interrupt__") || self.is_list_of("approvals")
    }

    /// Whether the list that was cut out stands under this name.
    pub(crate) fn is_list_of(self, wanted: &str) -> bool {
        let Self::Cut(value) = self else { return false };
        let before = value.separator(0).trim_ascii_end();
        let name = before.strip_suffix(b"[").map(<[u8]>::trim_ascii_end);
        let name = name.and_then(|before| before.strip_suffix(b":")).map(<[u8]>::trim_ascii_end);
        let name = name.and_then(|name| name.strip_suffix(b"\""));
        name.and_then(|name| name.strip_suffix(wanted.as_bytes()))
            .is_some_and(|before| before.ends_with(b"\""))
    }

    /// Whether it is a number or a truth value.
    fn is_number(self) -> bool {
        let Self::Inline(any) = self else { return false };
        matches!(any.value, Some(Any::IntValue(_) | Any::DoubleValue(_) | Any::BoolValue(_)))
    }

    /// How many items it has.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Inline(_) => 1,
            Self::Cut(value) => value.items.len(),
        }
    }

    /// Item `n`, and its hash where it is one that the store keeps.
    pub(crate) fn item(self, n: usize) -> (Json, Option<ContentHash>) {
        match self {
            Self::Inline(any) => (whole_any(any), None),
            Self::Cut(value) => (item(value.form, value.item(n)), value.items.get(n).map(|item| item.hash)),
        }
    }

    /// All of it as one JSON value.
    pub(crate) fn json(self) -> Json {
        match self {
            Self::Inline(any) => whole_any(any),
            Self::Cut(value) => match value.form {
                Form::Text => json::of_text(&String::from_utf8_lossy(&value.joined())),
                Form::Array if value.items.first().is_some_and(|item| item.at > 0) => {
                    item(value.form, value.item(0))
                }
                form => Json::Array((0..value.items.len()).map(|n| item(form, value.item(n))).collect()),
            },
        }
    }

    /// What is left of a list that was cut off in the middle of an item.
    pub(crate) fn cut_off(self) -> Option<String> {
        let Self::Cut(value) = self else { return None };
        if value.form != Form::Text || value.items.is_empty() {
            return None;
        }
        let tail = value.separator(value.items.len()).trim_ascii_start().strip_prefix(b",")?;
        let tail = String::from_utf8_lossy(tail.trim_ascii()).into_owned();
        (!tail.is_empty()).then_some(tail)
    }
}

fn whole_any(any: &AnyValue) -> Json {
    match &any.value {
        Some(Any::StringValue(text)) => json::of_text(text),
        _ => json::of_any(any),
    }
}

/// One stored item as JSON.
pub(crate) fn item(form: Form, bytes: &[u8]) -> Json {
    match form {
        Form::Text => json::of_text(&String::from_utf8_lossy(bytes)),
        Form::Bytes => Json::Null,
        Form::Array => AnyValue::decode(bytes).map_or(Json::Null, |any| whole_any(&any)),
        Form::Flat => KeyValueList::decode(bytes).map_or(Json::Null, |list| json::of_flat(&list.values)),
    }
}
