//! The built-in tables in the form of a user's file of rules, made from the tables themselves.
//!
//! What a file cannot say is left out: which values of two lists belong together, what code finds beyond the tables.

use super::{
    field::{Only, Source, Unit},
    fields, fields_model,
    kind_names::{self, Name},
    kinds, recognise,
};
use crate::{
    cut,
    own_rules::{CONTENTS, FACTS, Fact},
};
use std::fmt::Write as _;
use turnscope_model::Purpose;

const ABOUT: &str = "\
# The rules that are built in, in the form of dialects.toml. The first tables say how each dialect is recognised. The last one,
# which every record matches, says what kinds of steps there are and where facts and contents stand: these lists hold for all
# dialects at once, because one record often mixes several. To contribute a dialect, add its names to them.
";

/// The tables as TOML.
pub fn as_toml() -> String {
    let mut out = ABOUT.to_owned();
    for name in recognise::names() {
        let (scopes, spans, attributes) = recognise::patterns_of(name);
        let lists = [("scope", scopes), ("span", spans), ("attribute", attributes)];
        if lists.iter().all(|(_, patterns)| patterns.is_empty()) {
            continue;
        }
        let _ = writeln!(out, "\n[[dialect]]\nname = {name:?}");
        for (key, patterns) in lists.into_iter().filter(|(_, patterns)| !patterns.is_empty()) {
            let _ = writeln!(out, "{key} = {patterns:?}");
        }
    }
    out.push_str("\n[[dialect]]\nname = \"all\"\nattribute = \"*\"\n");
    write_kinds(&mut out);
    out.push_str("\n[dialect.facts]\n");
    for fact in FACTS {
        let _ = writeln!(out, "{} = [", fact.name);
        for source in sources_of(*fact) {
            write_source(&mut out, source);
        }
        out.push_str("]\n");
    }
    for (name, purpose) in CONTENTS {
        let _ = writeln!(out, "{name} = {:?}", keys_of(*purpose));
    }
    out
}

/// The list of the field that holds the fact's own key.
fn sources_of(fact: Fact) -> &'static [Source] {
    let rules = fields::RULES.iter().chain(fields_model::RULES);
    let holds =
        |sources: &&[Source]| sources.iter().any(|source| source.key == fact.key && source.path.is_empty());
    rules.map(|(_, sources)| *sources).find(holds).unwrap_or_default()
}

fn write_source(out: &mut String, source: &Source) {
    let only: &[&str] = match source.only {
        Only::Any => &[""],
        Only::Run => &["run"],
        Only::Tool => &["tool"],
        Only::ModelCall => &["llm", "embedding"],
        Only::Mcp => &["mcp"],
    };
    for only in only {
        let mut more = String::new();
        if !source.path.is_empty() {
            let _ = write!(more, ", inside = {:?}", source.path);
        }
        if !only.is_empty() {
            let _ = write!(more, ", only = {only:?}");
        }
        match source.unit {
            Unit::One => {}
            Unit::Milli => more.push_str(", milli = true"),
            Unit::Micro => more.push_str(", micro = true"),
        }
        let key = source.key;
        let _ = if more.is_empty() {
            writeln!(out, "  {key:?},")
        } else {
            writeln!(out, "  {{ key = {key:?}{more} }},")
        };
    }
}

fn write_kinds(out: &mut String) {
    let mut by_attribute: Vec<_> = kinds::BY_ATTRIBUTE.iter().collect();
    by_attribute.sort_by_key(|rule| rule.rank);
    let (explicit, guesses) =
        by_attribute.split_at(by_attribute.partition_point(|rule| rule.rank < kinds::BY_NAME_RANK));
    let attributes = |out: &mut String, rules: &[&kinds::KindRule]| {
        for rule in rules {
            for (value, kind) in rule.values() {
                let _ =
                    write!(out, "\n[[dialect.kind]]\nis = {:?}\nattribute = {:?}\n", kind.as_str(), rule.key);
                if *value != "*" {
                    let _ = writeln!(out, "value = {value:?}");
                }
            }
        }
    };
    attributes(out, explicit);
    for (name, kind) in kind_names::BY_NAME {
        let span = match name {
            Name::Is(whole) => (*whole).to_owned(),
            Name::Starts(start) | Name::Numbered(start) => format!("{start}*"),
            Name::Ends(end) => format!("*{end}"),
        };
        let _ = write!(out, "\n[[dialect.kind]]\nis = {:?}\nspan = {span:?}\n", kind.as_str());
    }
    attributes(out, guesses);
}

/// The keys of contents for this purpose, best first.
fn keys_of(purpose: Purpose) -> Vec<&'static str> {
    let lists = cut::KEYS.iter().filter(|(of, _)| *of == purpose);
    lists.flat_map(|(_, keys)| keys.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_rules::RuleFile;

    #[test]
    fn what_is_built_in_reads_as_a_users_file() {
        let rules = RuleFile::parse(&as_toml()).unwrap();
        let all = rules.dialects.last().unwrap();
        assert_eq!((all.facts.len(), all.contents.len()), (FACTS.len(), CONTENTS.len()));
        for (fact, sources) in &all.facts {
            assert!(!sources.is_empty(), "{}", fact.name);
            let expected: usize = sources_of(*fact)
                .iter()
                .map(|source| if source.only == Only::ModelCall { 2 } else { 1 })
                .sum();
            assert_eq!(sources.len(), expected, "{}", fact.name);
        }
        let values: usize = kinds::BY_ATTRIBUTE.iter().map(|rule| rule.values().len()).sum();
        assert_eq!(all.kinds.len(), values + kind_names::BY_NAME.len());
        let recognised = |scope: &str, span: &str, key: &str| {
            let keys = [key];
            rules.dialect_of(scope, span, &keys.iter().copied()).map(|dialect| dialect.name.as_str())
        };
        assert_eq!(recognised("strands-agents", "chat", ""), Some("strands"));
        assert_eq!(recognised("", "claude_code.tool", ""), Some("claude-code"));
        assert_eq!(recognised("", "x", "llm.token_count.prompt"), Some("openinference"));
        assert_eq!(recognised("", "x", "y"), Some("all"));
    }
}
