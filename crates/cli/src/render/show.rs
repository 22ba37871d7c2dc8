//! Rendering a run's steps as a tree with bars. Not here: the header (`header`) and messages (`messages`).

use super::{
    header::header,
    human,
    terminal_style::{TerminalStyle, Tone, columns, one_line},
    tree::{self, RowContent},
};
use std::fmt::Write as _;
use turnscope_api::{Run, RunDetail, Step, Timeline, Turn, Usage, VerdictInfo};

/// The header and the waterfall.
pub(crate) fn show(style: &TerminalStyle, run: &RunDetail, timeline: &Timeline) -> String {
    let mut out = header(style, run);
    out.push('\n');
    out.push_str(&waterfall(style, run, timeline));
    out
}

/// The column widths of the waterfall.
struct Layout {
    name: usize,
    bar: usize,
    time: usize,
    tokens: usize,
    /// The start of the time axis, relative to the run's start, and its length, in milliseconds.
    from: f64,
    span: f64,
}

impl Layout {
    fn of(style: &TerminalStyle, rows: &[tree::Row<'_>], steps: &[Step]) -> Self {
        let from =
            steps.iter().filter(|step| !step.outer).map(|step| step.start_offset_ms).fold(0.0, f64::min);
        let end = steps
            .iter()
            .filter(|step| !step.outer)
            .map(|step| step.start_offset_ms + step.duration_ms.unwrap_or(0.0))
            .fold(0.0, f64::max);
        let (time, tokens) = (8, if style.width >= 76 { 12 } else { 0 });
        let widest =
            rows.iter().map(|row| columns(&row.branch) + label_width(&row.content)).max().unwrap_or(0);
        let rest = style.width.saturating_sub(time + 2 + if tokens > 0 { tokens + 2 } else { 0 });
        // The tree gets the width it needs, up to two thirds; the bars get the rest if that is enough.
        let name = widest.clamp(20, (rest * 2 / 3).max(20));
        let bar = rest.saturating_sub(name + 2).min(60);
        let (name, bar) = if bar < 8 { (rest, 0) } else { (name, bar) };
        Self { name, bar, time, tokens, from, span: (end - from).max(0.001) }
    }

    /// The bar of one step.
    fn bar(&self, style: &TerminalStyle, step: &Step, duration_ms: Option<f64>) -> String {
        let place = |ms: f64| ((ms - self.from) / self.span * self.bar as f64).clamp(0.0, self.bar as f64);
        let start = place(step.start_offset_ms);
        let open = duration_ms.is_none();
        let end =
            if open { self.bar as f64 } else { place(step.start_offset_ms + duration_ms.unwrap_or(0.0)) };
        let first = (start.floor() as usize).min(self.bar.saturating_sub(1));
        let last = (end.ceil() as usize).clamp(first + 1, self.bar);
        let full = if open { style.either("╌", ".") } else { style.either("━", "=") };
        let tone = tone(step);
        format!(
            "{}{}{}",
            " ".repeat(first),
            style.paint(tone, &full.repeat(last - first)),
            " ".repeat(self.bar - last)
        )
    }
}

/// The steps.
pub(crate) fn waterfall(style: &TerminalStyle, run: &RunDetail, timeline: &Timeline) -> String {
    let steps = &timeline.steps;
    if steps.is_empty() {
        return "No steps.\n".to_owned();
    }
    let rows = tree::rows(style, steps);
    let layout = Layout::of(style, &rows, steps);
    let mut out = String::new();
    for row in &rows {
        match row.content {
            RowContent::Turn(n, of) => turn_line(&mut out, style, &layout, &row.branch, n, turn(run, of, n)),
            RowContent::Step(step) => {
                step_line(&mut out, style, &layout, row, step, own_time(&run.run, step));
            }
        }
    }
    if steps.iter().any(|step| step.contents_deleted) {
        let deleted =
            "What was said here was deleted by a rule of retention; what the run did and cost is kept.";
        let _ = writeln!(out, "{}", style.paint(Tone::Warn, deleted));
    }
    if let Some(next) = timeline.next_from {
        let _ = writeln!(out, "{} of {} steps shown; the rest: --from {next}", steps.len(), timeline.total);
    }
    out
}

/// The turn in the run's detail; unknown for child runs.
fn turn<'a>(run: &'a RunDetail, of: Option<&str>, n: u64) -> Option<&'a Turn> {
    (of == Some(run.run.run_id.as_str())).then(|| run.turns.iter().find(|turn| turn.n == n)).flatten()
}

fn turn_line(
    out: &mut String,
    style: &TerminalStyle,
    layout: &Layout,
    branch: &str,
    n: u64,
    turn: Option<&Turn>,
) {
    let mut text = format!("turn {n}");
    if let Some(turn) = turn {
        for note in notes(turn) {
            text.push_str(style.either(" · ", " - "));
            text.push_str(&note);
        }
    }
    let tokens =
        turn.and_then(|turn| turn.usage.as_ref()).map_or_else(String::new, |usage| tokens(style, usage));
    let time = turn.map_or_else(String::new, |turn| human::duration(turn.duration_ms));
    let room = layout.name + if layout.bar > 0 { layout.bar + 2 } else { 0 };
    let left = room.saturating_sub(columns(branch));
    let mut line =
        format!("{}{}", style.paint(Tone::Faint, branch), style.paint(Tone::Strong, &style.fit(&text, left)));
    let _ = write!(line, "  {}", style.paint(Tone::Faint, &style.fit_right(&time, layout.time)));
    if layout.tokens > 0 {
        let _ = write!(line, "  {}", style.paint(Tone::Faint, &style.fit_right(&tokens, layout.tokens)));
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Changes of the context.
pub(crate) fn notes(turn: &Turn) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(new) = turn.new_count.filter(|_| turn.n > 1) {
        out.push(format!("{new} new"));
    }
    if let Some(dropped) = turn.dropped_count.filter(|dropped| *dropped > 0) {
        out.push(format!("{dropped} dropped"));
        if turn.new_count.is_some_and(|new| new > 0) && turn.breaks_at.is_some() {
            out.push("context rewritten".to_owned());
        }
    }
    out
}

/// A step's duration. A run without a span takes as long as all of its steps.
fn own_time(run: &Run, step: &Step) -> Option<f64> {
    if step.kind == "run" && run.span_id.is_none() && step.run_id.as_deref() == Some(&run.run_id) {
        return (run.status != "running").then_some(run.duration_ms);
    }
    step.duration_ms
}

fn step_line(
    out: &mut String,
    style: &TerminalStyle,
    layout: &Layout,
    row: &tree::Row<'_>,
    step: &Step,
    duration_ms: Option<f64>,
) {
    let branch = row.branch.as_str();
    let (kind, name) = (kind(step), label(step));
    let mut room = layout.name.saturating_sub(columns(branch) + KIND + 1);
    let marks = marks(style, step);
    let marks_width: usize = marks.iter().map(|(text, _)| columns(text) + 1).sum();
    room = room.saturating_sub(marks_width);
    let name = style.cut(&name, room.max(4));
    let mut used = columns(branch) + KIND + 1 + columns(&name);
    let mut line = style.paint(Tone::Faint, branch);
    let tone = if step.outer || !step.counted && step.kind == "llm" {
        Tone::Faint
    } else {
        tone_of_kind(&step.kind)
    };
    let _ = write!(line, "{} ", style.paint(tone, &style.fit(kind, KIND)));
    let name_tone = match step.status.as_str() {
        "error" => Tone::Bad,
        _ if step.kind == "run" => Tone::Strong,
        _ if step.outer => Tone::Faint,
        _ => Tone::Plain,
    };
    line.push_str(&style.paint(name_tone, &name));
    for (text, tone) in marks {
        if used + 1 + columns(&text) <= layout.name {
            used += 1 + columns(&text);
            let _ = write!(line, " {}", style.paint(tone, &text));
        }
    }
    line.push_str(&" ".repeat(layout.name.saturating_sub(used)));
    if layout.bar > 0 {
        let _ = write!(line, "  {}", layout.bar(style, step, duration_ms));
    }
    let time = duration_ms
        .map_or_else(|| if step.span_id.is_some() { "open" } else { "" }.to_owned(), human::duration);
    let _ = write!(line, "  {}", style.fit_right(&time, layout.time));
    if layout.tokens > 0
        && let Some(usage) = step.usage.as_ref().filter(|_| step.kind == "llm" || step.kind == "embedding")
    {
        let _ = write!(line, "  {}", style.fit_right(&tokens(style, usage), layout.tokens));
    }
    out.push_str(line.trim_end());
    out.push('\n');
    if let Some(error) = step.error.as_ref().filter(|_| step.kind != "run") {
        under(out, style, &row.below, Tone::Bad, &one_line(&error.text()));
    }
    if step.implausible_count {
        under(out, style, &row.below, Tone::Warn, "a count or a cost is out of range and left out");
    }
}

/// A line below a step, aligned with its name: the error, or a warning.
fn under(out: &mut String, style: &TerminalStyle, below: &str, tone: Tone, text: &str) {
    let indent = columns(below) + KIND - 1;
    let text = style.cut(text, style.width.saturating_sub(indent));
    let (lines, text) = (style.paint(Tone::Faint, below), style.paint(tone, &text));
    let _ = writeln!(out, "{lines}{}{text}", " ".repeat(KIND - 1));
}

/// Width of the kind column.
const KIND: usize = 5;

fn kind(step: &Step) -> &str {
    match step.kind.as_str() {
        "retrieval" => "find",
        "embedding" => "embed",
        "rerank" => "rank",
        "memory" => "mem",
        "policy" => "gate",
        "sanitizer" => "clean",
        "ingest" => "load",
        "evaluation" => "eval",
        "workflow" => "flow",
        "other" => "span",
        other => other,
    }
}

fn label(step: &Step) -> String {
    let name = match step.kind.as_str() {
        "tool" => step.tool_name.as_deref().unwrap_or(&step.name),
        "llm" => step.model.as_deref().unwrap_or(&step.name),
        // The policy's reason is more interesting than the step's name.
        "policy" => step.verdict.as_ref().and_then(|verdict| verdict.reason.as_deref()).unwrap_or(&step.name),
        _ => &step.name,
    };
    one_line(name)
}

fn label_width(what: &RowContent<'_>) -> usize {
    match what {
        RowContent::Turn(..) => 10,
        RowContent::Step(step) => {
            let verdict = step.verdict.as_ref().map_or(0, |verdict| verdict_text(verdict).len() + 1);
            let name = columns(&label(step)).min(if step.kind == "policy" { 32 } else { usize::MAX });
            KIND + 1 + name + verdict
        }
    }
}

/// Symbols next to the name.
fn marks(style: &TerminalStyle, step: &Step) -> Vec<(String, Tone)> {
    let mut out = Vec::new();
    if step.status == "error" {
        out.push((style.either("✗", "!").to_owned(), Tone::Bad));
    }
    // A policy step is labelled with its reason; show the verdict only if a human decided.
    let is_label = step.kind == "policy"
        && step.verdict.as_ref().is_some_and(|v| v.reason.is_some() && v.resolution.is_none());
    if let Some(verdict) = step.verdict.as_ref().filter(|_| !is_label) {
        let bad = verdict.verdict == "deny" || verdict.resolution.as_deref() == Some("rejected");
        let tone = if bad {
            Tone::Bad
        } else if verdict.verdict == "allow" {
            Tone::Good
        } else {
            Tone::Warn
        };
        out.push((verdict_text(verdict), tone));
    }
    out
}

fn verdict_text(verdict: &VerdictInfo) -> String {
    let by = verdict.decided_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
    match (verdict.verdict.as_str(), verdict.resolution.as_deref()) {
        ("deny", _) => format!("denied{by}"),
        ("allow", _) => "allowed".to_owned(),
        (_, Some(resolution)) => format!("{resolution}{by}"),
        _ => "needs approval".to_owned(),
    }
}

fn tokens(style: &TerminalStyle, usage: &Usage) -> String {
    match (usage.input_tokens, usage.output_tokens) {
        (None, None) => String::new(),
        (input, output) => {
            let part = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), human::count);
            format!("{}{}{}", part(input), style.either("→", ">"), part(output))
        }
    }
}

fn tone(step: &Step) -> Tone {
    if step.status == "error" { Tone::Bad } else { tone_of_kind(&step.kind) }
}

fn tone_of_kind(kind: &str) -> Tone {
    match kind {
        "llm" | "embedding" => Tone::Model,
        "tool" | "mcp" | "retrieval" => Tone::Tool,
        "run" | "turn" | "workflow" => Tone::Agent,
        "policy" | "sanitizer" => Tone::Warn,
        _ => Tone::Faint,
    }
}
