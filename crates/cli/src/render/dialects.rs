//! Rendering rules for dialects, and what they find.

use super::terminal_style::{TerminalStyle, Tone, one_line};
use std::fmt::Write as _;
use turnscope_api::Dialects;
use turnscope_model::{Facts, Record};
use turnscope_otlp::own_rules::CONTENTS;

/// One's own rules, then the dialects that are built in.
pub(crate) fn list(all: &Dialects) -> String {
    let mut out = String::new();
    if all.own.is_empty() {
        let _ = writeln!(out, "No rules of your own: {} gives them.", all.file);
    }
    if let Some(error) = &all.file_error {
        let _ = writeln!(out, "{error}\nThe rules before it are in force.");
    }
    for own in &all.own {
        let _ = writeln!(out, "{} (yours)", own.name);
        if !own.kinds.is_empty() {
            let _ = writeln!(out, "  kinds: {}", own.kinds.join(", "));
        }
        for fact in &own.facts {
            let _ = writeln!(out, "  {}: {}", fact.name, fact.attributes.join(", "));
        }
    }
    let _ = writeln!(out, "Built in: {}", all.built_in.join(", "));
    out
}

/// What is found in each record with a file of rules; what is the same without it is faint.
pub(crate) fn compared(style: &TerminalStyle, without: &[Record], with: &[Record]) -> String {
    let mut out = String::new();
    for (before, after) in without.iter().zip(with) {
        let _ = writeln!(out, "{}", one_line(&after.facts.name));
        let before = found(before);
        for (name, value) in found(after) {
            let known = before.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
            let line = format!("{name}: {}", one_line(&value));
            let _ = match known {
                Some(known) if *known == value => writeln!(out, "    {}", style.paint(Tone::Faint, &line)),
                Some(known) => writeln!(out, "  ~ {line} (without the file: {})", one_line(known)),
                None => writeln!(out, "  + {line}"),
            };
        }
        for (name, value) in
            before.iter().filter(|(name, _)| !found(after).iter().any(|(now, _)| now == name))
        {
            let _ = writeln!(out, "  - {name}: {}", one_line(value));
        }
    }
    out
}

/// What is known of a record, by the names that rules use.
fn found(record: &Record) -> Vec<(&'static str, String)> {
    let facts: &Facts = &record.facts;
    let text = |text: &Option<String>| text.clone();
    let count = |count: Option<u64>| count.map(|count| count.to_string());
    let usage = &facts.usage;
    let all = [
        ("kind", Some(facts.kind.as_str().to_owned())),
        ("dialect", Some(facts.dialect.clone()).filter(|dialect| !dialect.is_empty())),
        ("agent_name", text(&facts.agent_name)),
        ("native_run_id", text(&facts.native_run_id)),
        ("session_id", text(&facts.session_id)),
        ("user_id", text(&facts.user_id)),
        ("model", text(&facts.request_model)),
        ("response_model", text(&facts.response_model)),
        ("provider", text(&facts.provider)),
        ("response_id", text(&facts.response_id)),
        ("finish_reason", text(&facts.finish_reason)),
        ("input_tokens", count(usage.input_tokens)),
        ("output_tokens", count(usage.output_tokens)),
        ("cache_read_tokens", count(usage.cache_read_tokens)),
        ("cache_write_tokens", count(usage.cache_write_tokens)),
        ("reasoning_tokens", count(usage.reasoning_tokens)),
        ("tool_name", text(&facts.tool_name)),
        ("tool_call_id", text(&facts.tool_call_id)),
        ("error_type", facts.error.as_ref().map(|error| error.r#type.clone())),
        ("input", text(&facts.input_text)),
        ("output", text(&facts.output_text)),
    ];
    let contents = CONTENTS.iter().map(|&(name, purpose)| {
        let of_purpose = record.body.values.iter().filter(|value| value.purpose == purpose);
        let items: usize = of_purpose.map(|value| value.items.len()).sum();
        (name, (items > 0).then(|| items.to_string()))
    });
    all.into_iter().chain(contents).filter_map(|(name, value)| Some((name, value?))).collect()
}
