//! What was sent and no rule understood, as a table.

use super::{
    explain::text,
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone, wrap},
};
use std::fmt::Write as _;
use turnscope_api::{Unmapped, UnmappedEntry};

/// The table, and how much was looked at.
pub(crate) fn unmapped(style: &TerminalStyle, found: &Unmapped) -> String {
    let mut out = if found.entries.is_empty() {
        "Everything that was looked at is understood.\n".to_owned()
    } else {
        entries(style, &found.entries)
    };
    let of = found.runs_total.map_or_else(String::new, |total| format!(" of {total}"));
    let traces =
        if found.traces > 0 { format!(", {} traces without runs", found.traces) } else { String::new() };
    let mut line = format!("looked at {} records: {}{of} runs{traces}", found.records, found.runs);
    if !found.complete {
        line.push_str("; --records N looks at more");
    }
    if found.total > found.entries.len() {
        let _ = write!(line, "; {} entries, --limit N shows more", found.total);
    }
    if found.unreadable > 0 {
        let _ = write!(line, "; {} records could not be read", found.unreadable);
    }
    for line in wrap(&line, style.width) {
        out.push_str(&style.paint(Tone::Faint, &line));
        out.push('\n');
    }
    out
}

fn entries(style: &TerminalStyle, entries: &[UnmappedEntry]) -> String {
    let all = [
        Column::flexible("KEY", 28, 0),
        Column::text("LOOKS LIKE", 12, 1),
        Column::figure("COUNT", 0),
        Column::flexible("SHAPE", 12, 3),
        Column::flexible("EXAMPLE", 12, 0),
        Column::text("SERVICE", 20, 4),
        Column::text("SCOPE", 24, 5),
        Column::text("WHAT", 10, 6),
    ];
    let row = |entry: &UnmappedEntry| {
        let tone = if entry.of_no_interest.is_some() { Tone::Faint } else { Tone::Plain };
        let looks = entry.of_no_interest.clone().or_else(|| entry.looks_like.clone()).unwrap_or_default();
        vec![
            Cell(entry.key.clone(), tone),
            Cell(looks, tone),
            Cell(human::count(entry.count), tone),
            Cell::faint(entry.shapes.join(", ")),
            Cell(text(&entry.example), tone),
            Cell::faint(entry.service_name.clone()),
            Cell::faint(entry.scope_name.clone()),
            Cell::faint(entry.what.replace('_', " ")),
        ]
    };
    table(style, &all, &entries.iter().map(row).collect::<Vec<_>>())
}
