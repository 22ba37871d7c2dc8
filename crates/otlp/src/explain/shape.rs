//! Of what shape a value is, and the value cut short: enough to see what it may be for.

use serde_json::Value as Json;
use std::{collections::BTreeSet, fmt};

/// Characters of a value that are shown.
const SHOWN: usize = 120;
/// Texts up to this length are looked into.
const LONGEST_JSON: usize = 64 * 1024;
/// Keys of an object that are kept.
const KEPT_KEYS: usize = 64;
/// Keys of an object that are named.
const MOST_KEYS: usize = 8;

/// Of what shape values are. Shapes of the same kind are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing.
    Empty,
    /// A truth value.
    Truth,
    /// A whole number, also as text.
    Integer,
    /// A number with fractions, also as text.
    Number,
    /// Text, with the fewest and the most characters.
    Text(usize, usize),
    /// A list, or a text that is a JSON list, with the fewest and the most items.
    List(usize, usize),
    /// An object, or a text that is a JSON object, with its keys.
    Object(BTreeSet<String>),
}

impl Shape {
    /// The shape of this value. Text that is a number, or JSON, counts as what it holds.
    pub fn of(value: &Json) -> Self {
        match value {
            Json::Null => Self::Empty,
            Json::Bool(_) => Self::Truth,
            Json::Number(number) if number.is_f64() => Self::Number,
            Json::Number(_) => Self::Integer,
            Json::Array(items) => Self::List(items.len(), items.len()),
            Json::Object(map) => Self::Object(map.keys().take(KEPT_KEYS).cloned().collect()),
            Json::String(text) => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Self {
        let trimmed = text.trim();
        let may_be_json = trimmed.starts_with(['{', '[']) && trimmed.len() <= LONGEST_JSON;
        let json = may_be_json.then(|| serde_json::from_str(trimmed).ok()).flatten();
        if let Some(json @ (Json::Array(_) | Json::Object(_))) = json {
            return Self::of(&json);
        }
        if trimmed.parse::<i64>().is_ok() {
            return Self::Integer;
        }
        let is_number = trimmed.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        if is_number && trimmed.parse::<f64>().is_ok() {
            return Self::Number;
        }
        let length = text.chars().count();
        if length == 0 { Self::Empty } else { Self::Text(length, length) }
    }

    /// Takes another value's shape in, if it is of the same kind.
    pub fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(least, most), Self::Text(less, more))
            | (Self::List(least, most), Self::List(less, more)) => {
                *least = (*least).min(*less);
                *most = (*most).max(*more);
                true
            }
            (Self::Object(keys), Self::Object(more)) => {
                let room = KEPT_KEYS.saturating_sub(keys.len());
                keys.extend(more.iter().take(room).cloned());
                true
            }
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |least: usize, most: usize| {
            if least == most { most.to_string() } else { format!("{least} to {most}") }
        };
        let many = |most: usize| if most == 1 { "" } else { "s" };
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Truth => f.write_str("true or false"),
            Self::Integer => f.write_str("integer"),
            Self::Number => f.write_str("number"),
            Self::Text(least, most) => write!(f, "text of {} character{}", range(*least, *most), many(*most)),
            Self::List(least, most) => write!(f, "JSON list of {} item{}", range(*least, *most), many(*most)),
            Self::Object(keys) if keys.is_empty() => f.write_str("empty JSON object"),
            Self::Object(keys) => {
                let named: Vec<&str> = keys.iter().take(MOST_KEYS).map(String::as_str).collect();
                let more = if keys.len() > MOST_KEYS { ", …" } else { "" };
                write!(f, "JSON object with key{} {}{more}", many(keys.len()), named.join(", "))
            }
        }
    }
}

/// A value as it is shown: whole where it is short, else the beginning of its text.
pub fn cut_short(value: &Json) -> Json {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Array(_) | Json::Object(_) => value.to_string(),
        _ => return value.clone(),
    };
    match text.char_indices().nth(SHOWN) {
        None => value.clone(),
        Some((at, _)) => Json::String(format!("{}…", &text[..at])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_told_by_what_they_hold() {
        for (value, shape) in [
            (json!(7), "integer"),
            (json!("7"), "integer"),
            (json!(0.5), "number"),
            (json!(true), "true or false"),
            (json!("hello world!"), "text of 12 characters"),
            (json!("infinity"), "text of 8 characters"),
            (json!("{\"b\": 1, \"a\": 2}"), "JSON object with keys a, b"),
            (json!([1]), "JSON list of 1 item"),
            (json!("[broken"), "text of 7 characters"),
            (json!(null), "empty"),
        ] {
            assert_eq!(Shape::of(&value).to_string(), shape, "{value}");
        }
    }

    #[test]
    fn shapes_of_one_kind_are_merged() {
        let mut shape = Shape::of(&json!("abc"));
        assert!(shape.merge(&Shape::of(&json!("abcdef"))));
        assert_eq!(shape.to_string(), "text of 3 to 6 characters");
        assert!(!shape.merge(&Shape::of(&json!(3))));
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let long = json!("ü".repeat(500));
        let Json::String(short) = cut_short(&long) else { panic!("a text stays a text") };
        assert_eq!(short.chars().count(), SHOWN + 1);
        assert_eq!(cut_short(&json!({ "a": 1 })), json!({ "a": 1 }));
    }
}
