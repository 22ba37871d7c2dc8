//! Rendering statistics.

use super::{
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone, one_line},
};
use std::fmt::Write as _;
use turnscope_api::{Group, GroupFigures, Stats};

/// The totals, and the groups if there are any.
pub(crate) fn stats(style: &TerminalStyle, stats: &Stats) -> String {
    let mut out = String::new();
    let all = &stats.all;
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            let _ = writeln!(out, "{}{text}", style.paint(Tone::Faint, &style.fit(label, 12)));
        }
    };
    let mut runs =
        format!("{} ({} in the last 24 h)", human::count(all.runs), human::count(stats.recent_runs_24h));
    for (n, word) in [(all.failed_runs, "failed"), (all.open_runs, "open")] {
        if n > 0 {
            let _ = write!(runs, ", {n} {word}");
        }
    }
    line("runs", runs);
    line("turns", human::count(all.turns));
    line(
        "calls",
        format!("{} of models, {} of tools", human::count(all.llm_calls), human::count(all.tool_calls)),
    );
    line("errors", if all.errors > 0 { human::count(all.errors) } else { String::new() });
    line("tokens", tokens(all).map_or_else(String::new, |(text, cached)| text + &cached));
    line("cost", human::cost(&all.money));
    let time = &all.duration_ms;
    if let (Some(p50), Some(p95), Some(p99)) = (time.p50, time.p95, time.p99) {
        let [p50, p95, p99] = [p50, p95, p99].map(human::duration);
        line("time", format!("p50 {p50}, p95 {p95}, p99 {p99}"));
    }
    let said = &all.verdicts;
    let verdicts: Vec<String> =
        [(said.allow, "allowed"), (said.deny, "denied"), (said.hitl, "asked a human")]
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
    line("verdicts", verdicts.join(", "));
    let again = &stats.queue.reprojection;
    if again.running {
        let left = human::count(again.left);
        line("reproject", format!("{left} records are still to be looked at by today's rules"));
    }
    if !stats.groups.is_empty() {
        out.push('\n');
        out.push_str(&groups(style, &stats.groups));
    }
    out
}

fn tokens(figures: &GroupFigures) -> Option<(String, String)> {
    let usage = figures.usage.as_ref()?;
    let total = human::tokens(Some(usage))?;
    let part = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), human::count);
    let text = format!(
        "{} ({} in, {} out",
        human::count(total),
        part(usage.input_tokens),
        part(usage.output_tokens)
    );
    let cached = usage
        .cache_read_tokens
        .filter(|n| *n > 0)
        .map_or_else(String::new, |n| format!(", {} cached", human::count(n)));
    Some((text, format!("{cached})")))
}

fn groups(style: &TerminalStyle, groups: &[Group]) -> String {
    let all = [
        Column::flexible("GROUP", 12, 0),
        Column::figure("RUNS", 0),
        Column::figure("FAILED", 3),
        Column::figure("TURNS", 5),
        Column::figure("CALLS", 6),
        Column::figure("TOOLS", 4),
        Column::figure("TOKENS", 1),
        Column::figure("COST", 1),
        Column::figure("P50", 2),
        Column::figure("P95", 3),
    ];
    let some = |n: u64| if n == 0 { String::new() } else { human::count(n) };
    let rows: Vec<Vec<Cell>> = groups
        .iter()
        .map(|group| {
            let figures = &group.figures;
            let total = human::tokens(figures.usage.as_ref());
            let time = |ms: Option<f64>| ms.map_or_else(String::new, human::duration);
            vec![
                Cell(key(style, group), Tone::Strong),
                Cell::plain(human::count(figures.runs)),
                Cell(some(figures.failed_runs), Tone::Bad),
                Cell::plain(some(figures.turns)),
                Cell::plain(some(figures.llm_calls)),
                Cell::plain(some(figures.tool_calls)),
                Cell::plain(total.map_or_else(String::new, human::count)),
                Cell::plain(human::cost(&figures.money)),
                Cell::plain(time(figures.duration_ms.p50)),
                Cell::plain(time(figures.duration_ms.p95)),
            ]
        })
        .collect();
    table(style, &all, &rows)
}

fn key(style: &TerminalStyle, group: &Group) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(at) = group.bucket_at {
        parts.push(human::ago(at, style.now));
    }
    parts.extend(
        group.key.values().map(|value| value.as_deref().map_or_else(|| "(none)".to_owned(), one_line)),
    );
    parts.join(style.either(" · ", " - "))
}
