//! Parses settings from text. Errors list the allowed values.

use crate::export::{DAYS, are_days};

/// Parses a setting, or returns the allowed values.
pub(super) type Parse<T> = fn(&str) -> Result<T, String>;

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "1" | "yes" => Ok(true),
        "off" | "false" | "0" | "no" => Ok(false),
        _ => Err("true, false".to_owned()),
    }
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| RATE.to_owned())
}

pub(super) const RATE: &str = "0.0 to 1.0";

pub(super) fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "a whole number above 0".to_owned())
}

pub(super) fn millis(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "whole milliseconds".to_owned())
}

pub(super) fn level(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| LEVEL.to_owned())
}

pub(super) const LEVEL: &str = "1 to 9";

pub(super) fn days(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|days| are_days(*days)).ok_or_else(|| DAYS.to_owned())
}

/// Parses `67108864`, `64MiB`, `64MB` or `1.5G`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(at);
    let unit = unit.to_ascii_lowercase();
    let power = ["", "k", "m", "g", "t"].iter().position(|name| *name == unit.trim_end_matches(['i', 'b']));
    let base = if unit.len() == 2 { 1000.0_f64 } else { 1024.0 };
    let number = digits.trim().parse::<f64>().ok().zip(power);
    let bytes = number.map(|(number, power)| number * base.powi(power as i32));
    bytes
        .filter(|bytes| (0.0..9e18).contains(bytes))
        .map(|bytes| bytes as u64)
        .ok_or_else(|| "bytes, such as 67108864, 64MiB or 2GB".to_owned())
}

pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Splits at commas outside brackets, so that `a{1,2}` stays whole.
pub(super) fn patterns(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut escaped) = (0_u32, false);
    for c in text.chars() {
        match c {
            _ if escaped => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_split_at_commas_outside_brackets_only() {
        assert_eq!(patterns(r"a{1,2}, [x,y]+ ,\(,b"), [r"a{1,2}", "[x,y]+", r"\(", "b"]);
    }

    #[test]
    fn sizes_have_units() {
        for (text, wanted) in
            [("17", 17), ("17b", 17), ("64MiB", 64 << 20), ("2GB", 2_000_000_000), ("1.5k", 1536)]
        {
            assert_eq!(bytes(text), Ok(wanted), "{text}");
        }
        assert!(bytes("lots").is_err() && bytes("-1").is_err() && bytes("1 parsec").is_err());
    }
}
