//! Checks that the modules of a crate form no cycles, except between a module and those inside it. Such a cycle cannot be
//! read from one end, and none of its modules can be tested or moved without the others.
//!
//! It reads paths that begin with `crate`, `self` or `super` from the source, and follows names that a module re-exports.
//! Tests are left out. Two modules in different folders count as a use between the folders.

mod source;

use anyhow::{Context as _, bail};
use regex::Regex;
use source::{absolute, code, paths, regex, without_tests};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::LazyLock,
};

/// The path of a module within its crate; empty for the crate itself.
type Module = Vec<String>;
/// Who uses whom, among modules side by side; with a file and the path in it as the evidence.
type Uses = BTreeMap<Module, BTreeMap<Module, String>>;

pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let crates = metadata.workspace_root.join("crates");
    let mut wrong = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.manifest_path.starts_with(&crates)) {
        let mut files = BTreeMap::new();
        let source = package.manifest_path.with_file_name("src");
        read(source.as_std_path(), &mut Vec::new(), &mut files)?;
        wrong.extend(cycles(&uses(&files)).into_iter().map(|cycle| format!("{}: {cycle}", package.name)));
    }
    if !wrong.is_empty() {
        bail!(
            "modules use one another in a circle; move what they share into a module below them:\n{}",
            wrong.join("\n")
        );
    }
    Ok(())
}

/// The source of every module below a folder, by its path.
fn read(folder: &Path, at: &mut Module, files: &mut BTreeMap<Module, String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            at.push(stem);
            read(&path, at, files)?;
            at.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut module = at.clone();
            if !["lib", "main", "mod"].contains(&stem.as_str()) {
                module.push(stem);
            }
            // `lib.rs` and `main.rs` are the same module here.
            files.entry(module).or_default().push_str(&std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Who uses whom in these sources.
fn uses(files: &BTreeMap<Module, String>) -> Uses {
    static PATHS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[^:\w])((?:crate|super|self)::)"));
    let mut tests = BTreeSet::new();
    let texts: BTreeMap<&Module, String> = files
        .iter()
        .map(|(module, source)| (module, without_tests(&code(source), module, &mut tests)))
        .filter(|(module, _)| module.last().is_none_or(|name| name != "tests"))
        .collect();
    let is_test = |module: &Module| (1..=module.len()).any(|end| tests.contains(&module[..end]));
    let exports = exports(&texts);
    let mut uses = Uses::new();
    for (module, text) in texts.iter().filter(|(module, _)| !is_test(module)) {
        for start in PATHS.captures_iter(text).filter_map(|found| found.get(1)) {
            for path in paths(&text[start.start()..]) {
                let mut target = absolute(module, &path);
                // As far as the exports lead; a few steps, should they go round.
                for _ in 0..8 {
                    let is_export = |path: &[String]| exports.contains_key(path) && !files.contains_key(path);
                    let Some(end) = (1..=target.len()).find(|end| is_export(&target[..*end])) else { break };
                    target = [&exports[&target[..end]][..], &target[end..]].concat();
                }
                let end =
                    (0..=target.len()).rev().find(|end| files.contains_key(&target[..*end])).unwrap_or(0);
                let shared = module.iter().zip(&target[..end]).take_while(|(a, b)| a == b).count();
                if shared < module.len() && shared < end && !is_test(&target[..end].to_vec()) {
                    let evidence = format!("{} uses {}", module.join("::"), path.join("::"));
                    let (from, to) = (module[..=shared].to_vec(), target[..=shared].to_vec());
                    uses.entry(from).or_default().entry(to).or_insert(evidence);
                }
            }
        }
    }
    uses
}

/// The names that modules export of others, each with what it means.
fn exports(texts: &BTreeMap<&Module, String>) -> HashMap<Module, Module> {
    static EXPORTS: LazyLock<Regex> = LazyLock::new(|| regex(r"\bpub(?:\([^)]*\))?\s+use\s([^;]*);"));
    let mut exports: HashMap<Module, Module> = HashMap::new();
    for (module, text) in texts {
        for tree in EXPORTS.captures_iter(text).filter_map(|found| found.get(1)) {
            for path in paths(tree.as_str()) {
                if let Some(name) = path.last() {
                    exports
                        .insert([&module[..], std::slice::from_ref(name)].concat(), absolute(module, &path));
                }
            }
        }
    }
    exports
}

/// The shortest cycle through each module that is in one, in words; each cycle once.
fn cycles(uses: &Uses) -> Vec<String> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for start in uses.keys() {
        let mut ways: Vec<Vec<&Module>> = vec![vec![start]];
        let mut reached = BTreeSet::new();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            for to in way.last().and_then(|last| uses.get(*last)).into_iter().flat_map(BTreeMap::keys) {
                if to == start {
                    if seen.insert(way.iter().copied().collect::<BTreeSet<_>>()) {
                        let pairs = way.iter().zip(way.iter().skip(1).chain([&start]));
                        let steps: Vec<_> = pairs.map(|(from, to)| uses[*from][*to].as_str()).collect();
                        found.push(steps.join(", "));
                    }
                    next = usize::MAX;
                    break;
                }
                if reached.insert(to) {
                    ways.push([&way[..], &[to]].concat());
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let path = |name: &str| name.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let files = files.iter().map(|(name, source)| (path(name), (*source).to_owned())).collect();
        cycles(&uses(&files))
    }

    #[test]
    fn a_cycle_is_named_also_through_names_that_a_module_re_exports() {
        let files = [
            ("", ""),
            ("a", "pub(crate) use b::B;"),
            ("a::b", "use super::c::C;"),
            ("a::c", "use super::{B, D};"),
        ];
        assert_eq!(found(&files), ["a::b uses super::c::C, a::c uses super::B"]);
        let folders = [
            ("", ""),
            ("a", ""),
            ("a::b", "fn f() { crate::c::f() }"),
            ("c", "use crate::{x::Y, a::{b::T}};"),
        ];
        assert_eq!(found(&folders), ["a::b uses crate::c::f, c uses crate::a::b::T"]);
    }

    #[test]
    fn modules_and_those_inside_them_may_use_one_another_and_tests_may_use_anything() {
        let source = "// use crate::b::B;\n fn f() { \"crate::b::B { \\\"\"; '\"'; } #[cfg(test)] mod t { use crate::b::B; }";
        let files = [
            ("", "#[cfg(test)]\nmod e;"),
            ("a", source),
            ("a::c", "use super::A; use crate::X;"),
            ("b", "use crate::a::A;"),
            ("e", "use crate::b::B;"),
            ("b::tests", "use crate::a::A;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
