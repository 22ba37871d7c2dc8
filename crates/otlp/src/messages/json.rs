//! Values as JSON: what a reader of messages works on, however they were written.
//!
//! Here: structured values, flattened keys and lenient parsing (JSON within JSON, texts that were cut off, Python's
//! way of writing). Not here: what the JSON means (`parse`, `part`), and
//! numbers of many digits (`numbers`).

use super::numbers;
use crate::to_json::number_text;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use serde_json::{Map, Number, Value as Json};

/// How deep a flattened key may nest; what is left of a longer one is one key.
const DEEPEST_KEY: usize = 24;
/// The memory that a long text may take once it is parsed, in bytes.
const MOST_PARSED: usize = 64 << 20;
/// What an object and any other value take in memory, in bytes.
const OBJECT: usize = 640;
const VALUE: usize = size_of::<Json>();
/// How long a text may be to be read as Python.
const LONGEST_PYTHON: usize = 256 * 1024;

/// A structured value as JSON. Bytes become base64; numbers that JSON has no words for become text.
pub(crate) fn of_any(any: &AnyValue) -> Json {
    match &any.value {
        None | Some(Any::StringValueStrindex(_)) => Json::Null,
        Some(Any::StringValue(text)) => Json::String(text.clone()),
        Some(Any::BoolValue(flag)) => Json::Bool(*flag),
        Some(Any::IntValue(number)) => Json::Number((*number).into()),
        Some(Any::DoubleValue(number)) => Number::from_f64(*number)
            .map_or_else(|| Json::String(number_text(*number).to_owned()), Json::Number),
        Some(Any::BytesValue(bytes)) => Json::String(STANDARD.encode(bytes)),
        Some(Any::ArrayValue(array)) => Json::Array(array.values.iter().map(of_any).collect()),
        Some(Any::KvlistValue(list)) => of_pairs(&list.values),
    }
}

/// Attributes, or a map, as a JSON object.
pub(crate) fn of_pairs(pairs: &[KeyValue]) -> Json {
    let entries = pairs.iter().map(|kv| (kv.key.clone(), kv.value.as_ref().map_or(Json::Null, of_any)));
    Json::Object(entries.collect())
}

/// Flattened keys as the object that they were: `message.contents.0.text` nests two objects and a list.
pub(crate) fn of_flat(pairs: &[KeyValue]) -> Json {
    let mut root = Json::Object(Map::new());
    for kv in pairs {
        let mut place = &mut root;
        for step in kv.key.splitn(DEEPEST_KEY, '.') {
            if !place.is_object() {
                *place = Json::Object(Map::new());
            }
            let Json::Object(map) = place else { break };
            place = map.entry(step).or_insert(Json::Null);
        }
        *place = kv.value.as_ref().map_or(Json::Null, of_any);
    }
    with_lists(root)
}

/// Objects whose keys are all numbers become lists, in the numbers' order.
fn with_lists(json: Json) -> Json {
    let Json::Object(map) = json else { return json };
    let indices: Option<Vec<u32>> = map.keys().map(|key| key.parse().ok()).collect();
    match indices {
        Some(indices) if !indices.is_empty() => {
            let mut entries: Vec<_> =
                indices.into_iter().zip(map.into_iter().map(|(_, value)| value)).collect();
            entries.sort_by_key(|(index, _)| *index);
            Json::Array(entries.into_iter().map(|(_, value)| with_lists(value)).collect())
        }
        _ => Json::Object(map.into_iter().map(|(key, value)| (key, with_lists(value))).collect()),
    }
}

/// A text as JSON where it is a JSON object or list (also when JSON was encoded twice), else as a string.
pub(crate) fn of_text(text: &str) -> Json {
    of_structure(text).unwrap_or_else(|| Json::String(text.to_owned()))
}

/// The object or list that this text is, if it is one. A text of a great many tiny values stays a text: parsed it would
/// take a hundred times its size.
pub(crate) fn of_structure(text: &str) -> Option<Json> {
    let trimmed = text.trim_start();
    if !fits_in_memory(trimmed) {
        return None;
    }
    match trimmed.as_bytes().first()? {
        b'{' | b'[' => numbers::parse(trimmed).or_else(|| numbers::parse(&python_as_json(trimmed)?)),
        b'"' if trimmed.len() > 2 => match serde_json::from_str(trimmed).ok()? {
            Json::String(inner) => of_structure(&inner).or(Some(Json::String(inner))),
            _ => None,
        },
        _ => None,
    }
}

/// Estimated from its punctuation, that in strings included.
fn fits_in_memory(text: &str) -> bool {
    if text.len().saturating_mul(OBJECT) <= MOST_PARSED {
        return true;
    }
    let mut bytes = 0_usize;
    memchr::memchr3_iter(b'{', b'[', b',', text.as_bytes()).all(|at| {
        bytes += if text.as_bytes()[at] == b'{' { OBJECT } else { VALUE };
        bytes <= MOST_PARSED
    })
}

/// A Python literal (`{'a': None, 'b': "it's"}`) rewritten as JSON; `None` where it does not look like one.
fn python_as_json(text: &str) -> Option<String> {
    let second = text.trim_start_matches(['[', '{', ' ']).as_bytes().first()?;
    if *second != b'\'' || text.len() > LONGEST_PYTHON {
        return None;
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    let mut word = String::new();
    while let Some(c) = chars.next() {
        if c.is_alphabetic() {
            word.push(c);
            if chars.peek().is_some_and(|next| next.is_alphabetic()) {
                continue;
            }
            out.push_str(match word.as_str() {
                "None" | "nan" | "inf" => "null",
                "True" => "true",
                "False" => "false",
                other => other,
            });
            word.clear();
        } else if c == '\'' || c == '"' {
            python_string(c, &mut chars, &mut out)?;
        } else {
            out.push(match c {
                '(' => '[',
                ')' => ']',
                other => other,
            });
        }
    }
    Some(out)
}

fn python_string(quote: char, chars: &mut impl Iterator<Item = char>, out: &mut String) -> Option<()> {
    out.push('"');
    loop {
        match chars.next()? {
            '\\' => match chars.next()? {
                '\'' => out.push('\''),
                'x' => {
                    out.push_str("\\u00");
                    out.extend([chars.next()?, chars.next()?]);
                }
                c => out.extend(['\\', c]),
            },
            c if c == quote => break,
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    Some(())
}

/// The first of these keys that holds something other than null.
pub(crate) fn first<'a>(map: &'a Map<String, Json>, keys: &[&str]) -> Option<&'a Json> {
    keys.iter().find_map(|key| map.get(*key).filter(|value| !value.is_null()))
}

/// The first of these keys that holds a text (numbers count: ids are sometimes numbers).
pub(crate) fn first_text(map: &Map<String, Json>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match map.get(*key)? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_million_tiny_values_stays_a_text() {
        for tiny in ["{},", "[],", r#"{"a":0},"#] {
            let text = format!("[{}0]", tiny.repeat(3_000_000));
            assert!(of_text(&text).is_string(), "{tiny}");
        }
        let long = format!(r#"[{{"role":"user","content":"{}"}}]"#, "a word, ".repeat(200_000));
        assert!(of_text(&long).is_array(), "prose has commas too");
    }
}
