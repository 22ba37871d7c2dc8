//! Percent-encoding for paths and queries.

use std::fmt::Write as _;

/// Encodes everything except letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn reserved_characters_are_percent_encoded() {
        assert_eq!(super::encode("a b&c=\"ü\""), "a%20b%26c%3D%22%C3%BC%22");
    }
}
