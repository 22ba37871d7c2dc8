//! Every capture in the corpus yields every fact that its bytes contain, in whatever order and however often they are sent.

use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};
use turnscope_tests::{
    corpus::{self, Request},
    facts, gaps, in_process,
    seen::{Seen, SeenRun, SeenTurn},
};

/// Each fact is found, or `corpus_gaps.toml` has the reason why it cannot be.
#[test]
fn every_fact_that_the_bytes_hold_is_found() {
    let gaps = gaps::read();
    let nothing = BTreeMap::new();
    let (mut problems, mut found_all, mut all) = (Vec::new(), 0, 0);
    let mut table = String::from("| producer | found | of | not sent |\n| --- | ---: | ---: | ---: |\n");
    let mut reasons = String::new();
    for producer in corpus::producers() {
        let seen = in_process::see(&corpus::requests(&producer));
        let facts = facts::compare(&corpus::expected(&producer), &seen);
        let listed = gaps.get(&producer).unwrap_or(&nothing);
        for fact in &facts {
            match (fact.found, listed.contains_key(&fact.name)) {
                (false, false) => {
                    problems.push(format!("{producer}: {:?} is missing: {}", fact.name, fact.seen));
                }
                (true, true) => {
                    problems.push(format!("{producer}: {:?} is listed as a gap, but is found", fact.name));
                }
                _ => {}
            }
        }
        for name in listed.keys().filter(|name| !facts.iter().any(|fact| fact.name == **name)) {
            problems.push(format!("{producer}: {name:?} is listed as a gap, but is no fact"));
        }
        let found = facts.iter().filter(|fact| fact.found).count();
        let _ = writeln!(table, "| {producer} | {found} | {} | {} |", facts.len(), listed.len());
        reasons.push_str(&what_is_not_sent(&producer, listed));
        found_all += found;
        all += facts.len();
    }
    let _ = writeln!(table, "| **all** | {found_all} | {all} | |");
    print!("{table}");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    the_page_of_producers_is_fresh(&format!("{PAGE}{table}\n## What is not sent\n{reasons}"));
}

/// What stands before the table in `docs/producers.md`.
const PAGE: &str = "# What is understood of each producer\n\n\
    This page is generated from the captures in `tests/corpus` by `UPDATE=1 cargo test -p turnscope-tests --test corpus facts`; \
    do not edit it.\n\n\
    A fact is one thing that really happened: a question, an answer, a run, a call, its tokens, a tool, a failure, a session, a user, an \
    agent. *Not sent* counts those that the producer's telemetry does not hold; the reasons are below. Versions are in \
    `tests/corpus/README.md`.\n\n";

/// The reasons for which facts of a producer cannot be found, each with the facts.
fn what_is_not_sent(producer: &str, listed: &BTreeMap<String, String>) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (fact, reason) in listed {
        by_reason.entry(reason).or_default().push(fact);
    }
    let mut out = String::new();
    if !by_reason.is_empty() {
        let _ = writeln!(out, "\n### {producer}\n");
    }
    for (reason, facts) in by_reason {
        let _ = writeln!(out, "- {reason}: {}.", facts.join("; "));
    }
    out
}

fn the_page_of_producers_is_fresh(now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/producers.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, now).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == now, "docs/producers.md is out of date: run this test with UPDATE=1");
}

/// The order of arrival makes no difference, and neither does sending everything twice.
#[test]
fn order_and_repetition_change_nothing() {
    for producer in corpus::producers() {
        let requests = corpus::requests(&producer);
        let seen = in_process::see(&requests);
        for seed in 1..4 {
            let mut shuffled: Vec<Request> = requests.iter().chain(&requests).cloned().collect();
            shuffle(&mut shuffled, seed);
            assert_eq!(in_process::see(&shuffled), seen, "{producer}, shuffled with {seed}");
            let mut groups = in_process::groups(in_process::records(&requests));
            for (_, records) in &mut groups {
                shuffle(records, seed);
            }
            assert_eq!(in_process::see_groups(&groups), seen, "{producer}, records shuffled with {seed}");
        }
    }
}

fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for i in (1..list.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        list.swap(i, (state >> 33) as usize % (i + 1));
    }
}

/// The run trees, turn by turn, as reviewed snapshots.
#[test]
fn the_run_trees_are_as_reviewed() {
    for producer in corpus::producers() {
        let seen = in_process::see(&corpus::requests(&producer));
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_yaml_snapshot!(producer, tree(&seen, None));
        });
    }
}

#[derive(Serialize)]
struct Tree {
    run: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    calls: u64,
    tools: u64,
    errors: u64,
    tokens: String,
    turns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Tree>,
}

fn tree(seen: &Seen, parent: Option<usize>) -> Vec<Tree> {
    let below = seen.runs.iter().enumerate().filter(|(_, run)| run.parent == parent);
    below.map(|(i, run)| Tree { children: tree(seen, Some(i)), ..one(run) }).collect()
}

fn one(run: &SeenRun) -> Tree {
    let turn = |turn: &SeenTurn| format!("{}: {} → {}", turn.n, turn.llm.join(", "), turn.tools.join(", "));
    let short = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(60).collect());
    let n = |tokens: Option<u64>| tokens.map_or("?".to_owned(), |n| n.to_string());
    let usage = &run.usage;
    Tree {
        run: run.name.clone(),
        status: run.status.clone(),
        input: short(&run.input_text),
        output: short(&run.output_text),
        calls: run.llm_call_count,
        tools: run.tool_call_count,
        errors: run.error_count,
        tokens: format!(
            "{} in ({} cached), {} out ({} reasoning)",
            n(usage.input_tokens),
            n(usage.cache_read_tokens),
            n(usage.output_tokens),
            n(usage.reasoning_tokens)
        ),
        turns: run.turns.iter().map(turn).collect(),
        children: Vec::new(),
    }
}
