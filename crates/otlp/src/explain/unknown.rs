//! What a record says that no rule understood: attributes, events, and words for kinds of work.
//!
//! Here: what counts as understood, and how much the rest looks like a fact. Not here: counting over many records.

use super::shape::{Shape, cut_short};
use crate::{
    cut,
    decode::ORIGINAL_BYTES,
    dialects::Noted,
    messages::{self, json},
};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use serde_json::Value as Json;
use turnscope_model::{Facts, Kind, Purpose};

/// What it is that no rule understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// An attribute of a span or log record, or an entry of a log record's body.
    Attribute,
    /// An event of a span.
    SpanEvent,
    /// The event of a log record.
    LogEvent,
    /// A word for the kind of work under an attribute that is known, such as `gen_ai.operation.name`.
    Operation,
}

impl What {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::SpanEvent => "span_event",
            Self::LogEvent => "log_event",
            Self::Operation => "operation",
        }
    }
}

/// Something that no rule understood.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// What it is.
    pub what: What,
    /// The attribute's key, the event's name, or the word for the kind of work.
    pub key: String,
    /// What shape the value has; of an event, its attributes.
    pub shape: Shape,
    /// The value, cut short; of an event, its attributes.
    pub example: Json,
    /// What it looks like, by its name and its shape.
    pub looks_like: Option<&'static str>,
    /// How much it looks like that.
    pub weight: i32,
    /// Why nobody is likely to look for a fact in it.
    pub of_no_interest: Option<&'static str>,
}

/// What of a span was not understood, most telling first.
pub(super) fn of_span(span: &Span, noted: &Noted, kind: Kind) -> Vec<Unknown> {
    let mut unknown = operations(noted);
    unknown.extend(attributes(&span.attributes, noted, kind, ""));
    let is_content = |event: &str, kv: &KeyValue| is_content(&kv.key, kind, event);
    let events = span.events.iter().filter(|event| {
        !noted.known_events.contains(&event.name)
            && cut::event_role(&event.name).is_none()
            && !event.attributes.iter().any(|kv| is_content(&event.name, kv))
    });
    unknown
        .extend(events.map(|event| told(What::SpanEvent, &event.name, &json::of_pairs(&event.attributes))));
    sorted(unknown)
}

/// What of a log record was not understood, most telling first.
pub(super) fn of_log(log: &LogRecord, noted: &Noted, facts: &Facts) -> Vec<Unknown> {
    let event = messages::event_name(log);
    let mut unknown = operations(noted);
    unknown.extend(attributes(&log.attributes, noted, facts.kind, event));
    let body = log.body.as_ref();
    let is_content_body =
        body.is_some_and(|body| cut::purpose_of_log_body(body, facts.kind, event) != Purpose::Other);
    let entries = match body.and_then(|body| body.value.as_ref()) {
        Some(Any::KvlistValue(list)) if !is_content_body => &list.values[..],
        _ => &[],
    };
    unknown.extend(attributes(entries, noted, facts.kind, event));
    let holds_content = || {
        let all = log.attributes.iter().chain(entries);
        is_content_body || all.into_iter().any(|kv| is_content(&kv.key, facts.kind, event))
    };
    let is_known = noted.known_events.contains(event)
        || noted.known_events.contains(&facts.name)
        || cut::event_role(event).is_some()
        || !facts.scores.is_empty()
        || holds_content();
    if !event.is_empty() && !is_known {
        unknown.push(told(What::LogEvent, event, &json::of_pairs(&log.attributes)));
    }
    sorted(unknown)
}

fn operations(noted: &Noted) -> Vec<Unknown> {
    noted
        .unknown_kinds
        .iter()
        .map(|(key, word)| Unknown {
            weight: 70,
            looks_like: Some("kind"),
            ..told(What::Operation, word, &Json::String(format!("{key} = {word}")))
        })
        .collect()
}

fn attributes<'a>(
    attributes: &'a [KeyValue],
    noted: &'a Noted,
    kind: Kind,
    event: &'a str,
) -> impl Iterator<Item = Unknown> {
    let is_known = move |key: &str| {
        noted.known_keys.contains(key)
            || is_content(key, kind, event)
            || messages::is_parameter(key)
            || matches!(key, ORIGINAL_BYTES | "event.name")
    };
    attributes.iter().filter(move |kv| !is_known(&kv.key)).filter_map(|kv| {
        let value = kv.value.as_ref().map_or(Json::Null, json::of_any);
        let says = |any: &AnyValue| match &any.value {
            Some(Any::StringValue(text)) => cut::is_meaningful(text),
            Some(Any::ArrayValue(list)) => !list.values.is_empty(),
            Some(Any::KvlistValue(list)) => !list.values.is_empty(),
            Some(_) => true,
            None => false,
        };
        kv.value.as_ref().is_some_and(says).then(|| told(What::Attribute, &kv.key, &value))
    })
}

/// Whether messages or other content are read from this key, or from the list that it is an entry of when written flat.
fn is_content(key: &str, kind: Kind, event: &str) -> bool {
    let has_purpose = |key: &str| cut::purpose_of(key, kind, event).0 != Purpose::Other;
    let stem = key.strip_suffix("_ref").filter(|stem| has_purpose(stem));
    let list = key
        .char_indices()
        .filter(|(_, letter)| *letter == '.')
        .find(|(at, _)| key[at + 1..].split('.').next().is_some_and(|part| part.parse::<u32>().is_ok()));
    has_purpose(key) || stem.is_some() || list.is_some_and(|(at, _)| has_purpose(&key[..at]))
}

fn told(what: What, key: &str, value: &Json) -> Unknown {
    let shape = Shape::of(value);
    let of_no_interest =
        OF_NO_INTEREST.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, why)| *why);
    let (looks_like, weight) = match (of_no_interest, what) {
        (Some(_), _) => (None, -100),
        (None, What::Attribute) => looks_like(key, &shape, value),
        (None, _) => (None, 15),
    };
    Unknown {
        what,
        key: key.to_owned(),
        shape,
        example: cut_short(value),
        looks_like,
        weight,
        of_no_interest,
    }
}

fn sorted(mut unknown: Vec<Unknown>) -> Vec<Unknown> {
    unknown.sort_by(|one, other| (-one.weight, &one.key).cmp(&(-other.weight, &other.key)));
    unknown
}

/// What a kind of facts looks like.
struct Look {
    name: &'static str,
    /// Words in keys.
    words: &'static [&'static str],
    weight: i32,
    /// Whether a value of this shape may be one.
    fits: fn(&Shape) -> bool,
}

const fn look(
    name: &'static str,
    words: &'static [&'static str],
    weight: i32,
    fits: fn(&Shape) -> bool,
) -> Look {
    Look { name, words, weight, fits }
}

/// The first that fits wins.
const LOOKS: &[Look] = &[
    look("tokens", &["token", "tokens", "usage"], 90, is_count),
    look("messages", &["messages", "conversation", "history", "prompt", "completion"], 80, is_said),
    look("model", &["model", "llm", "engine"], 75, is_word),
    look("cost", &["cost", "price", "usd"], 65, is_count),
    look("tool", &["tool", "function", "arguments", "args"], 60, is_anything),
    look("agent", &["agent", "crew", "assistant"], 55, is_word),
    look("id", &["id", "uuid", "session", "thread", "conversation", "user", "run"], 50, is_word),
    look(
        "messages",
        &[
            "message", "input", "output", "query", "response", "content", "question", "answer", "text",
            "result",
        ],
        45,
        is_said,
    ),
    look("error", &["error", "failure", "failed", "exception"], 40, is_anything),
];

fn is_count(shape: &Shape) -> bool {
    matches!(shape, Shape::Integer | Shape::Number | Shape::Object(_))
}
fn is_word(shape: &Shape) -> bool {
    matches!(shape, Shape::Text(_, most) if *most <= 128) || *shape == Shape::Integer
}
fn is_said(shape: &Shape) -> bool {
    matches!(shape, Shape::Text(..) | Shape::List(..) | Shape::Object(_))
}
fn is_anything(_: &Shape) -> bool {
    true
}

/// Keys of objects that are messages.
const OF_MESSAGES: [&str; 4] = ["role", "content", "parts", "tool_calls"];

fn looks_like(key: &str, shape: &Shape, value: &Json) -> (Option<&'static str>, i32) {
    let words = words(key);
    let names = |look: &&Look| words.iter().any(|word| look.words.contains(&word.as_str()));
    if let Some(look) = LOOKS.iter().filter(|look| (look.fits)(shape)).find(names) {
        return (Some(look.name), look.weight);
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let is_conversation = matches!(shape, Shape::List(..) | Shape::Object(_))
        && OF_MESSAGES.iter().filter(|name| text.contains(&format!("\"{name}\""))).count() >= 2;
    if is_conversation { (Some("messages"), 70) } else { (None, if is_said(shape) { 10 } else { 5 }) }
}

/// The words of a key, in lower case: `acme.inputTokens_used` has `acme`, `input`, `tokens`, `used`.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in key.chars() {
        let begins = letter.is_uppercase() && before.is_lowercase();
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words
}

/// Attributes in which no fact of an agent is: what their keys begin with, and why.
const OF_NO_INTEREST: &[(&str, &str)] = &[
    ("http.", "semantic conventions for HTTP"),
    ("url.", "semantic conventions for HTTP"),
    ("user_agent.", "semantic conventions for HTTP"),
    ("db.", "semantic conventions for databases"),
    ("rpc.", "semantic conventions for RPC"),
    ("messaging.", "semantic conventions for messaging"),
    ("net.", "the network connection"),
    ("network.", "the network connection"),
    ("server.", "the network connection"),
    ("client.", "the network connection"),
    ("peer.", "the network connection"),
    ("tls.", "the network connection"),
    ("code.", "a position in source code"),
    ("logfire.", "Logfire's own bookkeeping"),
    ("thread.", "a thread of the operating system"),
    ("process.", "the process"),
    ("telemetry.", "the SDK"),
    ("otel.", "the SDK"),
    ("service.", "the resource"),
    ("host.", "the resource"),
    ("os.", "the resource"),
    ("k8s.", "the resource"),
    ("container.", "the resource"),
    ("cloud.", "the resource"),
    ("deployment.environment", "the resource"),
    ("exception.", "an exception, which the error tells of"),
    ("event.", "the event's own name and number"),
    ("log.", "the logger"),
    ("input.mime_type", "the form of the content"),
    ("output.mime_type", "the form of the content"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_looks_like_a_fact_comes_first() {
        for (key, value, looks) in [
            ("acme.tokensUsed", json!(17), Some("tokens")),
            ("acme.llm", json!("gpt-5"), Some("model")),
            ("acme.chat_history", json!("[]"), Some("messages")),
            ("acme.transcript", json!("[{\"role\":\"user\",\"content\":\"hi\"}]"), Some("messages")),
            ("acme.runId", json!("r-1"), Some("id")),
            ("acme.colour", json!("red"), None),
            // A secret's name, not a count.
            ("acme.access_token", json!("t-1"), None),
            ("db.user.id", json!("7"), None),
        ] {
            assert_eq!(told(What::Attribute, key, &value).looks_like, looks, "{key}");
        }
    }

    #[test]
    fn keys_are_taken_apart_into_words() {
        assert_eq!(words("acme.inputTokens_used"), ["acme", "input", "tokens", "used"]);
        assert_eq!(words("LLMModel"), ["llmmodel"]);
        assert_eq!(words(""), [""]);
    }
}
