//! Snapshot tests of rendering, at three widths. The data in `fixtures/` is from real responses. Review
//! changes with `cargo insta review`.

use super::terminal_style::TerminalStyle;
use serde::de::DeserializeOwned;
use std::{fs, path::Path};
use turnscope_api as api;

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/fixtures").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn style(width: usize) -> TerminalStyle {
    TerminalStyle { width, colour: false, unicode: true, now: NOW }
}

/// One minute after the latest run of the fixtures.
const NOW: i64 = 1_795_251_110_133;

#[derive(serde::Deserialize)]
struct Shown {
    run: api::RunDetail,
    timeline: api::Timeline,
}

/// Renders at each width, checks that the lines fit, and compares snapshots.
fn check(name: &str, render: impl Fn(&TerminalStyle) -> String) {
    for width in [60, 100, 160] {
        let text = render(&style(width));
        for line in text.lines() {
            assert!(super::terminal_style::columns(line) <= width, "{name} at {width}: {line:?}");
        }
        insta::assert_snapshot!(format!("{name}@{width}"), text);
    }
}

#[test]
fn the_list_of_runs() {
    let list: api::RunList = fixture("runs.json");
    check("runs", |style| super::runs::runs(style, &list, false));
}

#[test]
fn a_run_with_a_sub_agent() {
    let shown: Shown = fixture("sub-agent.json");
    check("sub-agent", |style| super::show::show(style, &shown.run, &shown.timeline));
}

#[test]
fn a_step_made_of_a_span_and_a_log_event_is_explained() {
    let explained: api::StepExplanation = fixture("explain.json");
    check("explain", |style| super::explain::step(style, &explained));
}

#[test]
fn what_no_rule_understood() {
    let found: api::Unmapped = fixture("unmapped.json");
    check("unmapped", |style| super::unmapped::unmapped(style, &found));
}

#[test]
fn a_count_that_was_left_out_is_noted_below_its_step() {
    let mut shown: Shown = fixture("gates.json");
    let text = |shown: &Shown| super::show::waterfall(&style(100), &shown.run, &shown.timeline);
    let without = text(&shown);
    let at = shown.timeline.steps.iter().position(|step| step.kind == "llm").unwrap();
    shown.timeline.steps[at].implausible_count = true;
    let with = text(&shown);
    let more: Vec<&str> = with.lines().filter(|line| !without.contains(line)).collect();
    assert_eq!(more.len(), 1, "{with}");
    assert!(more[0].ends_with("a count or a cost is out of range and left out"), "{with}");
}

#[test]
fn deleted_contents_are_told_once() {
    let mut shown: Shown = fixture("gates.json");
    shown.timeline.steps.iter_mut().for_each(|step| step.contents_deleted = true);
    let text = super::show::waterfall(&style(100), &shown.run, &shown.timeline);
    assert_eq!(text.matches("deleted by a rule of retention").count(), 1, "{text}");
}

#[test]
fn a_run_with_gates() {
    let shown: Shown = fixture("gates.json");
    check("gates", |style| super::show::show(style, &shown.run, &shown.timeline));
}

#[test]
fn a_run_whose_context_was_compacted() {
    let shown: Shown = fixture("compacted.json");
    check("compacted", |style| super::show::show(style, &shown.run, &shown.timeline));
}

#[test]
fn the_words_of_a_turn() {
    let turn: api::TurnDetail = fixture("turn.json");
    check("turn", |style| super::messages::turn(style, "", &turn));
}

#[test]
fn figures_sessions_and_hits() {
    let stats: api::Stats = fixture("stats.json");
    check("stats", |style| super::stats::stats(style, &stats));
    let sessions: api::Sessions = fixture("sessions.json");
    check("sessions", |style| super::runs::sessions(style, &sessions.sessions));
    let reply: api::SearchReply = fixture("search.json");
    check("search", |style| super::search::hits(style, &reply));
}

#[test]
fn ascii_and_colours() {
    let shown: Shown = fixture("sub-agent.json");
    let plain = TerminalStyle { unicode: false, ..style(90) };
    insta::assert_snapshot!("ascii", super::show::waterfall(&plain, &shown.run, &shown.timeline));
    let coloured = TerminalStyle { colour: true, ..style(90) };
    let text = super::show::waterfall(&coloured, &shown.run, &shown.timeline);
    assert!(text.contains("\u{1b}[36mllm  \u{1b}[0m"), "{text}");
}

#[test]
fn hostile_answers_do_no_harm() {
    let steps = (0..3).map(|n| api::Step {
        step_id: n.to_string(),
        // The parents form a cycle, and the name would clear the screen.
        parent_step_id: Some(((n + 1) % 3).to_string()),
        name: "\u{1b}[2J\u{7}\n".repeat(50),
        duration_ms: Some(f64::MAX),
        start_offset_ms: -1e300,
        ..api::Step::default()
    });
    let timeline = api::Timeline { steps: steps.collect(), ..api::Timeline::default() };
    let text = super::show::show(&style(60), &api::RunDetail::default(), &timeline);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
}

/// A run, and a call that a human rejected.
fn audited() -> Vec<turnscope_audit::Record> {
    use turnscope_audit::{Decision, Entry, Record, RunEntry};
    let record = |seq, entry| Record {
        seq,
        recorded_at: NOW - 60_000,
        source: "agent".into(),
        entry,
        mac: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
    };
    let some = |text: &str| Some(text.to_owned());
    let run_id = some("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7");
    vec![
        record(
            41,
            Entry::Decision(Decision {
                run_id: run_id.clone(),
                trace_id: some("4bf92f3577b34da6a3ce929d0e0e4736"),
                span_id: some("53995c3f42cd8ad8"),
                agent: some("billing"),
                user_role: some("support_agent"),
                tool: some("refund"),
                action: some("issue"),
                verdict: "hitl".into(),
                resolution: some("rejected"),
                decided_by: some("terminal"),
                reason: some("a refund above 100 needs a human"),
                risk_tier: some("high"),
                policy_version: some("sha256:ab12"),
                decided_at: NOW - 65_000,
                ..Decision::default()
            }),
        ),
        record(
            42,
            Entry::Run(RunEntry {
                run_id,
                agent: some("billing"),
                user_id: some("u-7"),
                started_at: NOW - 70_000,
                ended_at: NOW - 62_000,
                prompt: some("Refund order 7,\nplease.\u{1b}[2J"),
                model: some("gpt-4o-mini"),
                input_tokens: Some(1200),
                output_tokens: Some(80),
                error: some("turn_limit: 8 turns were not enough"),
                ..RunEntry::default()
            }),
        ),
    ]
}

#[test]
fn audit_records_as_a_table_and_in_full() {
    check("audit-list", |style| super::audit::list(style, &audited()));
    insta::assert_snapshot!("audit-show", super::audit::records(&style(100), &audited()));
}
