//! Numbers with more digits than a number in memory holds: they are read as text, so that every digit is shown.
//!
//! An id, or an amount in wei, is its digits. `serde_json` could keep them as numbers (`arbitrary_precision`), but that
//! feature would change how every program reads JSON that has this crate among its dependencies.

use serde_json::{Value as Json, value::RawValue};
use std::borrow::Cow;

/// Digits that every double holds.
const DIGITS_OF_DOUBLE: usize = 17;
/// No shorter number can have too many digits, or be too large.
const SHORTEST: usize = 5;

/// Reads JSON. A number that neither an integer of 64 bits nor a double holds becomes a text of its digits.
pub(super) fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(&with_long_numbers_as_text(text)).ok()
}

fn with_long_numbers_as_text(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1),
            b'-' | b'0'..=b'9' => {
                let is_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let end = at + bytes[at..].iter().take_while(|byte| is_of_number(byte)).count();
                let number = &text[at..end];
                if !is_held(number) {
                    out.push_str(&text[copied..at]);
                    out.push('"');
                    out.push_str(number);
                    out.push('"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where the string that began before `at` ends.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a number is read without losing digits. What is no number is left to the parser.
fn is_held(number: &str) -> bool {
    if number.len() < SHORTEST || serde_json::from_str::<&RawValue>(number).is_err() {
        return true;
    }
    if number.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        return number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    }
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = digits.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    digits <= DIGITS_OF_DOUBLE && number.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_are_held_stay_numbers_and_others_keep_their_digits() {
        let read = parse(
            r#"{"a":[18446744073709551615,-9223372036854775808,0.1,1e300,-1.5E-7,9007199254740993],
            "b":[18446744073709551616,-9223372036854775809,0.1000000000000000055511151231257827,1e400],
            "c":"12345678901234567890123 \" \\","\\\"123456789012345678901234":1}"#,
        );
        let expected = json!({
            "a": [u64::MAX, i64::MIN, 0.1, 1e300, -1.5e-7, 9_007_199_254_740_993_u64],
            "b": ["18446744073709551616", "-9223372036854775809", "0.1000000000000000055511151231257827", "1e400"],
            "c": "12345678901234567890123 \" \\", "\\\"123456789012345678901234": 1
        });
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in [
            "[1-2-3-4-5]",
            "[123456789012345678901234",
            "[\"123456789012345678901234",
            "[-----",
            "{1:2}",
            "[0123456]",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        // Only numbers are told apart, so that a text may be cut off anywhere.
        assert_eq!(with_long_numbers_as_text("\"a\\"), "\"a\\");
    }
}
