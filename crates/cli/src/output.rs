//! Writing to stdout. A reader that goes away is not an error.

use crate::{
    exit::Failure,
    render::terminal_style::{TerminalStyle, harmless_lines, is_harmful},
};
use serde_json::Value;
use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{BufWriter, IsTerminal as _, StdoutLock, Write},
};

/// Buffered stdout.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(std::io::stdout().lock())
}

/// Prints a text for people. What telemetry wrote into it does not drive the terminal: besides line breaks and the
/// colours of `TerminalStyle`, control characters and direction overrides become marks.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    bytes(harmless_lines(text, TerminalStyle::for_stdout().colour).as_bytes())
}

/// Prints what programs read, as it is.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Prints JSON: formatted on a terminal, else on one line.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    let text = if std::io::stdout().is_terminal() { format!("{value:#}\n") } else { format!("{value}\n") };
    bytes(escaped(&text).as_bytes())
}

/// Prints JSON on one line.
pub(crate) fn json_line(value: &Value) -> Result<(), Failure> {
    bytes(escaped(&format!("{value}\n")).as_bytes())
}

/// JSON without characters that drive a terminal. In JSON they stand only within strings, where an escape means the same.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.chars().any(|c| c != '\n' && is_harmful(c)) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if c != '\n' && is_harmful(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_without_raw_control_characters() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}31m \u{7f} \u{1b} é \u{2066}"});
        let text = escaped(&value.to_string()).into_owned();
        assert!(!text.contains(is_harmful), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
