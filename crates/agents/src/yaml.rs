//! Parses YAML with error messages that name the line and the key.

use serde::de::DeserializeOwned;

/// Parses YAML. Errors are messages with line and key.
pub(crate) fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| describe(text, &error))
}

/// The error message with its line, and with the key of the invalid value if the parser does not name it.
fn describe(text: &str, error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or("invalid YAML");
    let key = error.location().and_then(|at| {
        let line = text.lines().nth((at.line() as usize).checked_sub(1)?)?;
        let before: String = line.chars().take((at.column() as usize).saturating_sub(1)).collect();
        let (before, _) = before.rsplit_once(':')?;
        before.rsplit(['{', ',', ' ']).next().map(str::to_owned)
    });
    match key.filter(|key| !key.is_empty() && !message.contains(key.as_str())) {
        Some(key) => format!("{message} (in {key})"),
        None => message.to_owned(),
    }
}

/// `line N: ` of the first line with this key, searching from the start of the section.
pub(crate) fn line_of(text: &str, section: &str, key: &str) -> String {
    let starts =
        |line: &str| line.trim_start().strip_prefix(section).is_some_and(|rest| rest.starts_with(':'));
    let from = text.lines().position(starts).unwrap_or(0);
    let has_key = |line: &str| {
        line.split(['{', ',', ' ']).any(|word| {
            word.strip_suffix(':') == Some(key) || word.split_once(':').is_some_and(|(at, _)| at == key)
        })
    };
    let found = text.lines().enumerate().skip(from).find(|(_, line)| has_key(line));
    found.map(|(at, _)| format!("line {}: ", at + 1)).unwrap_or_default()
}
