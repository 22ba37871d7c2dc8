//! Writes values so that a query or a parameter reads exactly them.

use crate::TextField;

/// A value of a field as a query and a parameter take it: in quotes where it must be, with stars that stand for
/// themselves.
pub fn quoted(field: TextField, value: &str) -> String {
    let value = if field.is_id() { value.to_owned() } else { value.replace('*', "\\*") };
    let needs_quotes = value.is_empty() || value.contains(|c: char| c.is_whitespace() || "(),\"".contains(c));
    if needs_quotes { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}
