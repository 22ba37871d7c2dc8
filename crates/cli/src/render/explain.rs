//! Where the facts of a step come from, and what was not understood.

use super::{
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone},
};
use serde_json::Value;
use std::fmt::Write as _;
use turnscope_api::{FactExplanation, FactPlace, NotUnderstood, StepExplanation};

/// One step.
pub(crate) fn step(style: &TerminalStyle, explained: &StepExplanation) -> String {
    let mut out =
        format!("{}  {}\n", style.paint(Tone::Strong, &style.cut(&explained.name, 60)), explained.kind);
    for (at, record) in explained.records.iter().enumerate() {
        let names = [&record.service_name, &record.scope_name, &record.dialect];
        let names: Vec<&str> = names.into_iter().filter_map(|name| name.as_deref()).collect();
        let line = format!("record {at}: {} {}  {}", record.signal, record.name, names.join(", "));
        let _ = writeln!(out, "{}", style.paint(Tone::Faint, &style.cut(&line, style.width)));
        if !record.changed_since.is_empty() {
            let line = format!("  today's rules find otherwise: {}", record.changed_since.join(", "));
            let _ = writeln!(out, "{}", style.paint(Tone::Warn, &style.cut(&line, style.width)));
        }
    }
    out.push('\n');
    out.push_str(&facts(style, explained));
    if !explained.not_understood.is_empty() {
        out.push_str("\nNot understood:\n");
        out.push_str(&not_understood(style, explained));
    }
    out
}

fn facts(style: &TerminalStyle, explained: &StepExplanation) -> String {
    let several = explained.records.len() > 1;
    let all = [
        Column::text("FACT", 24, 0),
        Column::flexible("VALUE", 12, 0),
        Column::flexible("FROM", 16, 0),
        Column::flexible("WHY", 16, 1),
    ];
    let mut rows = Vec::new();
    for fact in &explained.facts {
        let value = if fact.value.is_null() { "-".to_owned() } else { text(&fact.value) };
        rows.push(vec![
            Cell(fact.fact.clone(), Tone::Strong),
            Cell::plain(value),
            Cell::plain(from(fact, several)),
            Cell::faint(fact.how.join("; ")),
        ]);
        for aside in &fact.set_aside {
            rows.push(vec![
                Cell::faint(style.either("  ╰ not", "  not")),
                Cell::faint(text(&aside.value)),
                Cell::faint(place(&aside.place, several)),
                Cell::faint(aside.why.clone()),
            ]);
        }
    }
    table(style, &all, &rows)
}

fn not_understood(style: &TerminalStyle, explained: &StepExplanation) -> String {
    let all = [
        Column::flexible("KEY", 24, 0),
        Column::text("WHAT", 10, 3),
        Column::text("LOOKS LIKE", 12, 1),
        Column::flexible("SHAPE", 12, 2),
        Column::flexible("EXAMPLE", 12, 0),
    ];
    let row = |unknown: &NotUnderstood| {
        let tone = if unknown.of_no_interest.is_some() { Tone::Faint } else { Tone::Plain };
        let looks = unknown.of_no_interest.clone().or_else(|| unknown.looks_like.clone()).unwrap_or_default();
        vec![
            Cell(unknown.key.clone(), tone),
            Cell::faint(unknown.what.replace('_', " ")),
            Cell(looks, tone),
            Cell::faint(unknown.shape.clone()),
            Cell(text(&unknown.example), tone),
        ]
    };
    table(style, &all, &explained.not_understood.iter().map(row).collect::<Vec<_>>())
}

/// A value on one line.
pub(super) fn text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from(fact: &FactExplanation, several: bool) -> String {
    let places: Vec<String> = fact.given_by.iter().map(|given| place(given, several)).collect();
    places.join(" + ")
}

fn place(place: &FactPlace, several: bool) -> String {
    match place.record.filter(|_| several) {
        Some(record) => format!("{record}: {}", place.text),
        None => place.text.clone(),
    }
}
