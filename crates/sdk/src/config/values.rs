//! Texts as values. Each error says what would have been allowed.

/// A setting as a text that was given for it.
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
}
