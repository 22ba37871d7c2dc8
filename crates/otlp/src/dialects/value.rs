//! Reads attribute values the way they are really sent: numbers as text, booleans as `"True"`, lists as JSON text,
//! strings with JSON quotes around them, and placeholders that mean nothing.
//!
//! Not here: which attribute is read for what (`fields`).

use super::json;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use std::borrow::Cow;

/// A value as it was sent: an attribute's, or one inside the JSON text that an attribute holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum RawValue<'a> {
    /// An attribute's value.
    Any(&'a Value),
    /// Raw JSON.
    Json(&'a str),
}

/// Placeholders that SDKs send instead of nothing. Compared without case.
const MEANINGLESS: &[&str] = &[
    "",
    "<redacted>",
    "[redacted]",
    "__redacted__",
    "redacted",
    "n/a",
    "<not specified>",
    "<not serializable>",
    "<unknown>",
    "{}",
    "[]",
    "\"\"",
    "unknown",
    "null",
    "none",
    "undefined",
    "<nil>",
];
const LONGEST_PLACEHOLDER: usize = 18;
/// Logfire's scrubber replaces values whose key or text looks secret.
const SCRUBBED: &str = "[Scrubbed due to ";

/// Whether a text says anything.
pub(super) fn says_something(text: &str) -> bool {
    let text = text.trim();
    if text.len() > LONGEST_PLACEHOLDER {
        return !text.starts_with(SCRUBBED);
    }
    !MEANINGLESS.iter().any(|nothing| nothing.eq_ignore_ascii_case(text))
}

impl<'a> RawValue<'a> {
    /// The value of an attribute, if it has one.
    pub(super) fn of(value: Option<&'a AnyValue>) -> Option<Self> {
        value?.value.as_ref().map(Self::Any)
    }

    /// Whether it says anything: placeholders, empty lists and empty maps do not.
    pub(super) fn is_meaningful(self) -> bool {
        match self {
            Self::Any(Value::StringValue(text)) => says_something(text),
            Self::Any(Value::ArrayValue(list)) => !list.values.is_empty(),
            Self::Any(Value::KvlistValue(map)) => !map.values.is_empty(),
            Self::Any(Value::BytesValue(bytes)) => !bytes.is_empty(),
            Self::Any(_) => true,
            Self::Json(raw) => says_something(raw.trim_matches('"')),
        }
    }

    /// As text. A list gives its first entry, JSON quotes are taken off.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Any(Value::StringValue(text)) => unquoted(text),
            Self::Any(Value::IntValue(number)) => Cow::Owned(number.to_string()),
            Self::Any(Value::DoubleValue(number)) => Cow::Owned(number.to_string()),
            Self::Any(Value::BoolValue(truth)) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Self::Any(Value::ArrayValue(list)) => RawValue::of(list.values.first())?.text()?,
            Self::Any(_) => return None,
            Self::Json(raw) => Cow::Owned(json::scalar(raw)?),
        };
        says_something(&text).then_some(text)
    }

    /// As JSON text or plain text, for metadata: lists and maps are kept whole.
    pub(super) fn whole_text(self) -> Option<String> {
        match self {
            Self::Any(value @ (Value::ArrayValue(_) | Value::KvlistValue(_))) => {
                serde_json::to_string(&to_json(value)).ok()
            }
            _ => self.text().map(Cow::into_owned),
        }
    }

    /// As JSON; text that is no JSON is a string.
    pub(super) fn json(self) -> serde_json::Value {
        match self {
            Self::Any(value) => to_json(value),
            Self::Json(raw) => serde_json::from_str(raw).unwrap_or_else(|_| raw.into()),
        }
    }

    /// As a number.
    pub(super) fn number(self) -> Option<f64> {
        let number = match self {
            Self::Any(Value::IntValue(number)) => *number as f64,
            Self::Any(Value::DoubleValue(number)) => *number,
            Self::Any(Value::StringValue(text)) => text.trim().trim_matches('"').parse().ok()?,
            Self::Any(_) => return None,
            Self::Json(raw) => raw.trim_matches('"').parse().ok()?,
        };
        number.is_finite().then_some(number)
    }

    /// As a count, which is never negative. One that is too large to be believed is for the facts to drop.
    pub(super) fn count(self) -> Option<u64> {
        if let Self::Any(Value::IntValue(number)) = self {
            return u64::try_from(*number).ok();
        }
        let number = self.number()?;
        (number >= 0.0).then_some(number as u64)
    }

    /// Whether it is a number below zero, which no count can be.
    pub(super) fn is_negative(self) -> bool {
        self.number().is_some_and(|number| number < 0.0)
    }

    /// As a truth value.
    pub(super) fn truth(self) -> Option<bool> {
        match self {
            Self::Any(Value::BoolValue(truth)) => Some(*truth),
            Self::Any(Value::IntValue(number)) => Some(*number != 0),
            Self::Any(Value::StringValue(text)) => truth_of(text),
            Self::Any(_) => None,
            Self::Json(raw) => truth_of(raw),
        }
    }

    /// As a list of texts: an array, a JSON list, or entries with commas between them.
    pub(super) fn list(self) -> Vec<String> {
        let texts = |raw: &str| -> Vec<String> {
            if raw.trim_start().starts_with('[') {
                json::items(raw).filter_map(json::scalar).collect()
            } else {
                raw.split(',').map(|entry| entry.trim().to_owned()).collect()
            }
        };
        let mut list: Vec<String> = match self {
            Self::Any(Value::ArrayValue(list)) => list
                .values
                .iter()
                .filter_map(|entry| RawValue::of(Some(entry))?.text().map(Cow::into_owned))
                .collect(),
            Self::Any(Value::StringValue(text)) => texts(&unquoted(text)),
            Self::Any(_) => Vec::new(),
            Self::Json(raw) => texts(raw),
        };
        list.retain(|entry| says_something(entry));
        list
    }

    /// What lies under this path of keys, in JSON text or in a map.
    pub(super) fn at(self, path: &[&str]) -> Option<Self> {
        match self {
            Self::Json(raw) => json::at(raw, path).map(Self::Json),
            Self::Any(Value::StringValue(text)) => json::at(text, path).map(Self::Json),
            Self::Any(Value::KvlistValue(map)) => match path {
                [] => Some(self),
                [first, rest @ ..] => {
                    let entry = map.values.iter().find(|entry| entry.key == *first)?;
                    RawValue::of(entry.value.as_ref())?.at(rest)
                }
            },
            Self::Any(_) => path.is_empty().then_some(self),
        }
    }

    /// The members of the map that it is, or that its JSON text is.
    pub(super) fn members(self) -> Vec<(&'a str, RawValue<'a>)> {
        match self {
            Self::Json(raw) => json::members(raw).map(|(key, raw)| (key, Self::Json(raw))).collect(),
            Self::Any(Value::StringValue(text)) => {
                json::members(text).map(|(key, raw)| (key, Self::Json(raw))).collect()
            }
            Self::Any(Value::KvlistValue(map)) => map
                .values
                .iter()
                .filter_map(|entry| Some((entry.key.as_str(), RawValue::of(entry.value.as_ref())?)))
                .collect(),
            Self::Any(_) => Vec::new(),
        }
    }
}

/// The value of one attribute.
pub(super) fn get<'a>(attributes: &'a [KeyValue], key: &str) -> Option<RawValue<'a>> {
    let entry = attributes.iter().find(|entry| entry.key == key)?;
    RawValue::of(entry.value.as_ref()).filter(|raw_value| raw_value.is_meaningful())
}

/// One attribute as text.
pub(super) fn get_text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<Cow<'a, str>> {
    get(attributes, key)?.text()
}

/// Some SDKs send every value as JSON, so that a string comes with quotes around it.
fn unquoted(text: &str) -> Cow<'_, str> {
    if text.len() >= 2
        && text.starts_with('"')
        && text.ends_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(text)
    {
        return Cow::Owned(inner);
    }
    Cow::Borrowed(text)
}

fn truth_of(text: &str) -> Option<bool> {
    let text = text.trim().trim_matches('"');
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    let inner = |value: &AnyValue| value.value.as_ref().map_or(serde_json::Value::Null, to_json);
    match value {
        Value::StringValue(text) => text.as_str().into(),
        Value::BoolValue(truth) => (*truth).into(),
        Value::IntValue(number) => (*number).into(),
        Value::DoubleValue(number) => (*number).into(),
        Value::ArrayValue(list) => list.values.iter().map(inner).collect(),
        Value::KvlistValue(map) => map
            .values
            .iter()
            .map(|entry| (entry.key.clone(), entry.value.as_ref().map_or(serde_json::Value::Null, inner)))
            .collect(),
        _ => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::StringValue(value.to_owned())
    }

    #[test]
    fn placeholders_say_nothing() {
        for nothing in
            ["", " ", "<REDACTED>", "[REDACTED]", "N/A", "{}", "Unknown", "[Scrubbed due to 'session']"]
        {
            assert!(!RawValue::Any(&text(nothing)).is_meaningful(), "{nothing}");
        }
        assert!(RawValue::Any(&text("0")).is_meaningful());
    }

    #[test]
    fn what_is_sent_as_text_is_read_as_what_it_means() {
        assert_eq!(RawValue::Any(&text("17")).count(), Some(17));
        assert_eq!(RawValue::Any(&text("True")).truth(), Some(true));
        assert_eq!(RawValue::Any(&text("-1")).count(), None);
        assert_eq!(RawValue::Any(&text("\"gpt\"")).text().as_deref(), Some("gpt"));
        assert_eq!(RawValue::Any(&text("[\"a\", \"b\"]")).list(), ["a", "b"]);
        assert_eq!(RawValue::Any(&text("a, b")).list(), ["a", "b"]);
        assert_eq!(
            RawValue::Any(&text("{\"a\":{\"b\":3}}")).at(&["a", "b"]).and_then(RawValue::count),
            Some(3)
        );
    }
}
