//! Rendering statistics.

use super::{
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone, one_line},
};
use crate::wire::{Group, GroupFigures, Stats, sum};
use std::fmt::Write as _;

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
    let percentile = |name: &str| all.duration_ms.get(name).copied().flatten().map(human::duration);
    if let (Some(p50), Some(p95), Some(p99)) = (percentile("p50"), percentile("p95"), percentile("p99")) {
        line("time", format!("p50 {p50}, p95 {p95}, p99 {p99}"));
    }
    let verdicts: Vec<String> = [("allow", "allowed"), ("deny", "denied"), ("hitl", "asked a human")]
        .iter()
        .filter_map(|(name, word)| Some((all.verdicts.get(*name).copied().filter(|n| *n > 0)?, word)))
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    line("verdicts", verdicts.join(", "));
    if !stats.groups.is_empty() {
        out.push('\n');
        out.push_str(&groups(style, &stats.groups));
    }
    out
}

fn tokens(figures: &GroupFigures) -> Option<(String, String)> {
    let usage = figures.usage.as_ref()?;
    let total = sum(usage.input_tokens, usage.output_tokens)?;
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
            let total = figures.usage.as_ref().and_then(|usage| sum(usage.input_tokens, usage.output_tokens));
            let percentile = |name: &str| {
                figures.duration_ms.get(name).copied().flatten().map_or_else(String::new, human::duration)
            };
            vec![
                Cell(key(style, group), Tone::Strong),
                Cell::plain(human::count(figures.runs)),
                Cell(some(figures.failed_runs), Tone::Bad),
                Cell::plain(some(figures.turns)),
                Cell::plain(some(figures.llm_calls)),
                Cell::plain(some(figures.tool_calls)),
                Cell::plain(total.map_or_else(String::new, human::count)),
                Cell::plain(human::cost(&figures.money)),
                Cell::plain(percentile("p50")),
                Cell::plain(percentile("p95")),
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
