//! Rendering the audit trail: a table, complete records, and verification reports.

use super::{
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone, one_line, wrap},
};
use turnscope_audit::{Decision, Entry, Record, Report, RunEntry};

/// Records as a table.
pub(crate) fn list(style: &TerminalStyle, records: &[Record]) -> String {
    if records.is_empty() {
        return "No audit records match.\n".to_owned();
    }
    let all = [
        Column::figure("RECORD", 0),
        Column::text("WHEN", 12, 1),
        Column::text("WHAT", 14, 0),
        Column::text("AGENT", 24, 2),
        Column::flexible("ABOUT", 16, 0),
        Column::text("BY", 16, 4),
        Column::text("RUN", 49, 3), // as long as it must be to tell runs apart
    ];
    let shortest = unambiguous(records);
    let rows: Vec<Vec<Cell>> = records.iter().map(|record| row(style, record, shortest)).collect();
    table(style, &all, &rows)
}

/// How much of a run's id tells these runs apart. Runs of one trace begin with the same 32 digits.
fn unambiguous(records: &[Record]) -> usize {
    let mut ids: Vec<&str> = records.iter().filter_map(|record| record.entry.run_id()).collect();
    ids.sort_unstable();
    ids.dedup();
    let shared =
        |(one, next): (&&str, &&str)| one.bytes().zip(next.bytes()).take_while(|(a, b)| a == b).count();
    let longest = ids.iter().zip(ids.iter().skip(1)).map(shared).max().unwrap_or(0);
    (longest + 1).max(12)
}

fn row(style: &TerminalStyle, record: &Record, shortest: usize) -> Vec<Cell> {
    let text = |text: &Option<String>| one_line(text.as_deref().unwrap_or_default());
    let (at, what, agent, about, by, run) = match &record.entry {
        Entry::Run(run) => (
            run.started_at,
            Cell(
                if run.success { "run" } else { "run failed" }.into(),
                if run.success { Tone::Plain } else { Tone::Bad },
            ),
            text(&run.agent),
            text(if run.success { &run.prompt } else { &run.error }),
            text(&run.user_id),
            text(&run.run_id),
        ),
        Entry::Decision(decision) => (
            decision.decided_at,
            Cell(verdict(decision), tone(decision)),
            text(&decision.agent),
            about(decision),
            text(&decision.decided_by),
            text(&decision.run_id),
        ),
    };
    vec![
        Cell::plain(record.seq.to_string()),
        Cell::faint(human::ago(at, style.now)),
        what,
        Cell::plain(agent),
        Cell::plain(about),
        Cell::plain(by),
        Cell::faint(run.chars().take(shortest).collect::<String>()),
    ]
}

fn verdict(decision: &Decision) -> String {
    match &decision.resolution {
        Some(resolution) => format!("{}: {}", one_line(&decision.verdict), one_line(resolution)),
        None => one_line(&decision.verdict),
    }
}

fn tone(decision: &Decision) -> Tone {
    match (decision.verdict.as_str(), decision.resolution.as_deref()) {
        ("allow", _) | (_, Some("approved")) => Tone::Good,
        ("hitl", None) => Tone::Warn,
        _ => Tone::Bad,
    }
}

fn about(decision: &Decision) -> String {
    let tool = decision.tool.as_deref().unwrap_or("?");
    let action = decision.action.as_deref().filter(|action| *action != tool);
    let reason = decision.reason.as_deref().map(|reason| format!(" ({reason})"));
    one_line(&format!(
        "{tool}{}{}",
        action.map(|action| format!(" {action}")).unwrap_or_default(),
        reason.unwrap_or_default()
    ))
}

/// Complete records, one below the other.
pub(crate) fn records(style: &TerminalStyle, records: &[Record]) -> String {
    let mut out: Vec<String> = records.iter().map(|record| full_record(style, record)).collect();
    if let Some(run) = records.iter().find_map(|record| record.entry.run_id()) {
        out.push(style.paint(Tone::Faint, &format!("turnscope show {}", one_line(run))) + "\n");
    }
    out.join("\n")
}

fn full_record(style: &TerminalStyle, record: &Record) -> String {
    let (title, fields) = match &record.entry {
        Entry::Run(run) => (if run.success { "run" } else { "failed run" }.to_owned(), of_run(run)),
        Entry::Decision(decision) => (verdict(decision), of_decision(decision)),
    };
    let mut out = style.paint(Tone::Strong, &format!("{} {title}", record.seq)) + "\n";
    let last = [
        ("recorded", Some(human::ago(record.recorded_at, style.now))),
        ("by", Some(record.source.clone())),
        ("mac", Some(record.mac.clone())),
    ];
    for (name, value) in fields.into_iter().chain(last) {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        for (nth, line) in wrap(&value, style.width.saturating_sub(14)).iter().enumerate() {
            let name = if nth == 0 { name } else { "" };
            let line = format!("  {}  {line}", style.paint(Tone::Faint, &format!("{name:<10}")));
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

type Fields = Vec<(&'static str, Option<String>)>;

fn of_run(run: &RunEntry) -> Fields {
    let tokens = match (run.input_tokens, run.output_tokens) {
        (None, None) => None,
        (input, output) => Some(format!("{} in, {} out", input.unwrap_or(0), output.unwrap_or(0))),
    };
    vec![
        ("agent", run.agent.clone()),
        ("run", run.run_id.clone()),
        ("trace", run.trace_id.clone()),
        ("session", run.session_id.clone()),
        ("user", run.user_id.clone()),
        ("role", run.user_role.clone()),
        ("trigger", run.trigger_type.clone()),
        ("took", Some(human::duration((run.ended_at - run.started_at) as f64))),
        ("model", run.model.clone()),
        ("tokens", tokens),
        ("prompt", run.prompt.clone()),
        ("output", run.output.clone()),
        ("error", run.error.clone()),
    ]
}

fn of_decision(decision: &Decision) -> Fields {
    vec![
        ("agent", decision.agent.clone()),
        ("tool", decision.tool.clone()),
        ("action", decision.action.clone()),
        ("arguments", decision.arguments.clone()),
        ("reason", decision.reason.clone()),
        ("decided by", decision.decided_by.clone()),
        ("risk tier", decision.risk_tier.clone()),
        ("policy", decision.policy_version.clone()),
        ("run", decision.run_id.clone()),
        ("trace", decision.trace_id.clone()),
        ("span", decision.span_id.clone()),
        ("session", decision.session_id.clone()),
        ("user", decision.user_id.clone()),
        ("role", decision.user_role.clone()),
    ]
}

/// The result of verification.
pub(crate) fn report(style: &TerminalStyle, report: &Report) -> String {
    let mut out = String::new();
    let mut line = |tone: Tone, text: &str| {
        for (nth, part) in wrap(text, style.width.saturating_sub(2)).iter().enumerate() {
            out.push_str(if nth == 0 { "" } else { "  " });
            out.push_str(&style.paint(tone, part));
            out.push('\n');
        }
    };
    if report.is_intact() {
        let records = human::plural(report.kept, "record");
        line(Tone::Good, &format!("{} {records}, all unchanged.", style.either("✓", "+")));
    }
    for finding in &report.findings {
        line(Tone::Bad, &format!("{} {finding}", style.either("✗", "x")));
    }
    if report.pruned_through > 0 {
        line(
            Tone::Plain,
            &format!("Records up to {} were pruned, as a signed checkpoint proves.", report.pruned_through),
        );
    }
    if report.end_is_proved {
        line(Tone::Plain, "The trail contains the given head: no record up to it was removed.");
    } else if report.is_intact() {
        line(
            Tone::Warn,
            "The trail alone cannot show whether records were removed from its end: store the output of `turnscope audit head` \
             elsewhere, and verify with --head.",
        );
    }
    line(Tone::Faint, &format!("Head {}", report.head));
    out
}
