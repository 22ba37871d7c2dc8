//! Writing to stdout. A reader that goes away is not an error.

use crate::exit::Failure;
use serde_json::Value;
use std::io::{BufWriter, IsTerminal as _, StdoutLock, Write};

/// Buffered stdout.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(std::io::stdout().lock())
}

/// Prints a text.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints JSON: formatted on a terminal, else on one line.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    let text = if std::io::stdout().is_terminal() { format!("{value:#}\n") } else { format!("{value}\n") };
    print(&text)
}
