//! Reads a source: what is compiled outside of tests, and the paths in it.

use super::Module;
use regex::Regex;
use std::{collections::BTreeSet, sync::LazyLock};

/// The paths of a use tree at the beginning of a text: `a::{b, c::d}` gives `a::b` and `a::c::d`.
pub(super) fn paths(text: &str) -> Vec<Module> {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        let (mut depth, mut from, mut all) = (0, 0, Vec::new());
        for (at, c) in inner.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if (c == ',' && depth == 0) || depth < 0 {
                all.extend(paths(&inner[from..at]));
                from = at + 1;
            }
            if depth < 0 {
                break;
            }
        }
        return all;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let below = rest.trim_start().strip_prefix("::").map(paths).unwrap_or_default();
    let word =
        if word.is_empty() || word == "self" && below.is_empty() { vec![] } else { vec![word.to_owned()] };
    if below.is_empty() { vec![word] } else { below.iter().map(|path| [&word[..], path].concat()).collect() }
}

/// A path from the crate's root.
pub(super) fn absolute(module: &Module, path: &[String]) -> Module {
    let mut all = if path.first().is_some_and(|word| word == "crate") { Vec::new() } else { module.clone() };
    for word in path {
        match word.as_str() {
            "crate" | "self" => {}
            "super" => drop(all.pop()),
            _ => all.push(word.clone()),
        }
    }
    all
}

/// A source without comments, strings and characters.
pub(super) fn code(source: &str) -> String {
    static SKIPPED: LazyLock<Regex> = LazyLock::new(|| {
        regex(r##"(?s)//[^\n]*|r#".*?"#|\br"[^"]*"|"(?:\\.|[^"\\])*"|'(?:\\[^']+|[^'\\])'"##)
    });
    SKIPPED.replace_all(source, "").into_owned()
}

pub(super) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"))
}

/// A source without what is compiled for tests only; notes the modules that are.
pub(super) fn without_tests(code: &str, module: &Module, tests: &mut BTreeSet<Module>) -> String {
    let mut parts = code.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['{', ';']).unwrap_or(part.len());
        let name = part[..end].split_whitespace().skip_while(|word| *word != "mod").nth(1);
        if let Some(name) = name.filter(|_| part[end..].starts_with(';')) {
            tests.insert([&module[..], &[name.to_owned()]].concat());
        }
        let mut depth = 0;
        let close = part[end..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        kept.push_str(close.map_or("", |(at, _)| &part[end + at + 1..]));
    }
    kept
}
