//! The header of a run: status, figures, origin, prompt and answer.

use super::{
    human,
    runs::name,
    terminal_style::{TerminalStyle, Tone, one_line, wrap},
};
use std::fmt::Write as _;
use turnscope_api::{Figures, Money, Run, RunDetail, Score};

/// The header of a run.
pub(crate) fn header(style: &TerminalStyle, detail: &RunDetail) -> String {
    let run = &detail.run;
    let mut out = String::new();
    let (sign, tone) = style.status(&run.status);
    let dot = style.either(" · ", " - ");
    let title = name(run);
    let _ = writeln!(
        out,
        "{} {}  {}",
        style.paint(tone, sign),
        style.paint(Tone::Strong, &style.cut(&title, style.width.saturating_sub(30).max(20))),
        style.paint(tone, &status(run))
    );
    let total = Some(&detail.total).filter(|total| total.run_count > 1);
    let (own, money) = total.map_or((&run.figures, &run.money), |total| (&total.figures, &total.money));
    let figures_line = figures(own, money).join(dot);
    let figures_line = match total {
        Some(total) => format!("{figures_line}{dot}{}", human::plural(total.run_count - 1, "child run")),
        None => figures_line,
    };
    let mut about = vec![human::ago(run.started_at, style.now)];
    if run.duration_ms > 0.0 && run.status != "running" {
        about.push(human::duration(run.duration_ms));
    }
    about.push(figures_line);
    put(&mut out, style, "", &about.join(dot), 3);
    let mut from = Vec::new();
    for (label, value) in [
        ("service", Some(&run.service_name)),
        ("dialect", Some(&run.dialect)),
        ("session", run.session_id.as_ref()),
        ("user", run.user_id.as_ref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            from.push(format!("{label} {}", style.cut(&one_line(value), 40)));
        }
    }
    if !run.models.is_empty() {
        from.push(run.models.join(", "));
    }
    if let Some(prompt) = &run.prompt_id {
        let version = run
            .prompt_version
            .as_ref()
            .map_or_else(String::new, |version| format!(" v{}", version.trim_start_matches('v')));
        from.push(format!("prompt {prompt}{version}"));
    }
    put(&mut out, style, "from", &from.join(dot), 2);
    put(&mut out, style, "tags", &run.tags.join(", "), 1);
    // Keep the id on one line, so that it can be copied.
    if style.width < 62 {
        let _ = writeln!(out, "  {} {}", style.paint(Tone::Faint, "id"), run.run_id);
    } else {
        put(&mut out, style, "id", &run.run_id, 1);
    }
    if let Some(native) = &run.native_run_id {
        put(&mut out, style, "own id", native, 2);
    }
    let scores: Vec<String> = detail.scores.iter().map(score).collect();
    put(&mut out, style, "scores", &scores.join(dot), 2);
    put(&mut out, style, "asked", run.input_preview.as_deref().unwrap_or(""), 3);
    put(&mut out, style, "answered", run.output_preview.as_deref().unwrap_or(""), 4);
    if let Some(error) = &run.error {
        let text =
            if run.status == "failed" { error.text() } else { format!("{} (recovered)", error.text()) };
        let tone = if run.status == "failed" { Tone::Bad } else { Tone::Warn };
        let mut line = String::new();
        put(&mut line, style, "error", &text, 3);
        for part in line.lines() {
            let _ = writeln!(out, "{}", style.paint(tone, part));
        }
    }
    out
}

fn status(run: &Run) -> String {
    match &run.status_reason {
        Some(reason) if run.status != "completed" && run.error.is_none() => {
            format!("{} ({reason})", run.status)
        }
        _ => run.status.clone(),
    }
}

fn figures(figures: &Figures, money: &Money) -> Vec<String> {
    let mut out = vec![human::plural(figures.turn_count, "turn")];
    if figures.llm_call_count != figures.turn_count {
        out.push(human::plural(figures.llm_call_count, "model call"));
    }
    if figures.tool_call_count > 0 {
        out.push(human::plural(figures.tool_call_count, "tool call"));
    }
    if let Some(tokens) = figures.tokens() {
        let cached = figures.cache_read_tokens.filter(|cached| *cached > 0);
        let cached = cached.map_or_else(String::new, |cached| format!(" ({} cached)", human::count(cached)));
        out.push(format!("{} tokens{cached}", human::count(tokens)));
    }
    match (money.cost_usd, money.unpriced_calls) {
        (Some(usd), 0) => out.push(human::money(usd)),
        (Some(usd), missing) => {
            out.push(format!(
                "{}, and {} without a price",
                human::money(usd),
                human::plural(missing, "call")
            ));
        }
        (None, 0) => {}
        (None, _) => out.push("cost unknown".to_owned()),
    }
    for (n, word) in [(figures.deny_count, "denied"), (figures.hitl_count, "asked a human")] {
        if n > 0 {
            out.push(format!("{n} {word}"));
        }
    }
    if figures.error_count > 0 {
        out.push(human::plural(figures.error_count, "error"));
    }
    out
}

fn score(score: &Score) -> String {
    let value = match (score.value, &score.label) {
        (Some(value), Some(label)) => format!("{value} {label}"),
        (Some(value), None) => value.to_string(),
        (None, label) => label.clone().unwrap_or_default(),
    };
    let turn = score.turn.map_or_else(String::new, |turn| format!(" (turn {turn})"));
    let comment =
        score.comment.as_ref().map_or_else(String::new, |comment| format!(" \"{}\"", one_line(comment)));
    format!("{} {value}{turn}{comment}", score.name)
}

/// Writes a label and at most this many lines of text, indented.
fn put(out: &mut String, style: &TerminalStyle, label: &str, text: &str, most: usize) {
    const LABEL: usize = 10;
    if text.trim().is_empty() {
        return;
    }
    let indent = if label.is_empty() { 2 } else { 2 + LABEL };
    let text: String = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    let mut lines = wrap(&text, style.width.saturating_sub(indent));
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last =
                style.cut(&format!("{last} {}", style.either("…", "~")), style.width.saturating_sub(indent));
        }
    }
    for (n, line) in lines.iter().enumerate() {
        if label.is_empty() {
            let _ = writeln!(out, "  {line}");
        } else if n == 0 {
            let _ = writeln!(out, "  {}{line}", style.paint(Tone::Faint, &style.fit(label, LABEL)));
        } else {
            let _ = writeln!(out, "  {}{line}", " ".repeat(LABEL));
        }
    }
}
