//! Rendering rules for dialects, and what they find.

use super::terminal_style::{TerminalStyle, Tone, one_line};
use std::fmt::Write as _;
use turnscope_api::Dialects;
use turnscope_model::Record;
use turnscope_otlp::{explain::facts_of, own_rules::CONTENTS};

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
    if !all.own.is_empty() {
        let _ = writeln!(
            out,
            "Yours hold for what is received; `turnscope reproject` applies them to what is stored."
        );
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

/// Facts that rules call otherwise.
const NAMES_IN_RULES: [(&str, &str); 3] =
    [("request_model", "model"), ("reported_cost_usd", "cost_usd"), ("error", "error_type")];

/// What is known of a record, by the names that rules use. Its own name stands above.
fn found(record: &Record) -> Vec<(&'static str, String)> {
    let facts =
        facts_of(&record.facts).into_iter().filter(|(name, value)| *name != "name" && !value.is_null());
    let facts = facts.map(|(fact, value)| {
        let in_rules = NAMES_IN_RULES.iter().find(|(name, _)| *name == fact).map(|(_, name)| *name);
        (in_rules.unwrap_or(fact), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let contents = CONTENTS.iter().map(|&(name, purpose)| {
        let of_purpose = record.body.values.iter().filter(|value| value.purpose == purpose);
        let items: usize = of_purpose.map(|value| value.items.len()).sum();
        (name, items)
    });
    let contents = contents.filter(|(_, items)| *items > 0).map(|(name, items)| (name, items.to_string()));
    facts.chain(contents).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnscope_model::Facts;
    use turnscope_otlp::own_rules::FACTS;

    #[test]
    fn every_fact_that_a_rule_may_give_is_compared() {
        let compared = facts_of(&Facts::default());
        for fact in FACTS {
            // Rules give seconds; what was found is shown in milliseconds, under the name that says so.
            let name = if fact.name == "time_to_first_token" { "time_to_first_chunk_ms" } else { fact.name };
            let known = NAMES_IN_RULES.iter().find(|(_, in_rules)| *in_rules == name).map(|(fact, _)| *fact);
            assert!(compared.iter().any(|(one, _)| *one == known.unwrap_or(name)), "{name}");
        }
    }
}
