//! One run: a header with its figures, and its steps as a tree with bars.

use super::{
    human,
    look::{Look, Tone, columns, one_line, wrap},
    runs::name,
    tree::{self, What},
};
use crate::wire::{Figures, Run, Step, Timeline, Turn, Usage, Verdict};
use std::fmt::Write as _;

/// The header and the waterfall.
pub(crate) fn show(look: &Look, run: &Run, timeline: &Timeline) -> String {
    let mut out = header(look, run);
    out.push('\n');
    out.push_str(&waterfall(look, run, timeline));
    out
}

/// What the run was, in a few lines.
pub(crate) fn header(look: &Look, run: &Run) -> String {
    let mut out = String::new();
    let (sign, tone) = look.status(&run.status);
    let dot = look.either(" · ", " - ");
    let title = name(run);
    let _ = writeln!(
        out,
        "{} {}  {}",
        look.paint(tone, sign),
        look.paint(Tone::Strong, &look.cut(&title, look.width.saturating_sub(30).max(20))),
        look.paint(tone, &status(run))
    );
    let total = run.total.as_ref().filter(|total| total.run_count > 1);
    let figures_line = figures(total.map_or(&run.figures, |total| &total.figures)).join(dot);
    let figures_line = match total {
        Some(total) => format!("{figures_line}{dot}{}", human::plural(total.run_count - 1, "child run")),
        None => figures_line,
    };
    let mut about = vec![human::ago(run.started_at, look.now)];
    if run.duration_ms > 0.0 && run.status != "running" {
        about.push(human::duration(run.duration_ms));
    }
    about.push(figures_line);
    put(&mut out, look, "", &about.join(dot), 3);
    let mut from = Vec::new();
    for (label, value) in [
        ("service", Some(&run.service_name)),
        ("dialect", Some(&run.dialect)),
        ("session", run.session_id.as_ref()),
        ("user", run.user_id.as_ref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            from.push(format!("{label} {}", one_line(value)));
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
    put(&mut out, look, "from", &from.join(dot), 2);
    put(&mut out, look, "tags", &run.tags.join(", "), 1);
    put(&mut out, look, "id", &run.run_id, 2);
    if let Some(native) = &run.native_run_id {
        put(&mut out, look, "own id", native, 2);
    }
    let scores: Vec<String> = run.scores.iter().map(score).collect();
    put(&mut out, look, "scores", &scores.join(dot), 2);
    put(&mut out, look, "asked", run.input_preview.as_deref().unwrap_or(""), 3);
    put(&mut out, look, "answered", run.output_preview.as_deref().unwrap_or(""), 4);
    if let Some(error) = &run.error {
        let text =
            if run.status == "failed" { error.text() } else { format!("{} (recovered)", error.text()) };
        let tone = if run.status == "failed" { Tone::Bad } else { Tone::Warn };
        let mut line = String::new();
        put(&mut line, look, "error", &text, 3);
        for part in line.lines() {
            let _ = writeln!(out, "{}", look.paint(tone, part));
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

fn figures(figures: &Figures) -> Vec<String> {
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
    if let Some(cost) = figures.cost_usd {
        out.push(human::money(cost));
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

fn score(score: &crate::wire::Score) -> String {
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

/// A label and a text of at most so many lines, indented.
fn put(out: &mut String, look: &Look, label: &str, text: &str, most: usize) {
    const LABEL: usize = 10;
    if text.trim().is_empty() {
        return;
    }
    let indent = if label.is_empty() { 2 } else { 2 + LABEL };
    let text: String = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    let mut lines = wrap(&text, look.width.saturating_sub(indent));
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = look.cut(&format!("{last} {}", look.either("…", "~")), look.width.saturating_sub(indent));
        }
    }
    for (n, line) in lines.iter().enumerate() {
        if label.is_empty() {
            let _ = writeln!(out, "  {line}");
        } else if n == 0 {
            let _ = writeln!(out, "  {}{line}", look.paint(Tone::Faint, &look.fit(label, LABEL)));
        } else {
            let _ = writeln!(out, "  {}{line}", " ".repeat(LABEL));
        }
    }
}

/// How the columns of the waterfall are laid out.
struct Layout {
    name: usize,
    bar: usize,
    time: usize,
    tokens: usize,
    /// The timeline's end, in milliseconds from its start.
    from: f64,
    span: f64,
}

impl Layout {
    fn of(look: &Look, rows: &[tree::Row<'_>], steps: &[Step]) -> Self {
        let from =
            steps.iter().filter(|step| !step.outer).map(|step| step.start_offset_ms).fold(0.0, f64::min);
        let end = steps
            .iter()
            .filter(|step| !step.outer)
            .map(|step| step.start_offset_ms + step.duration_ms.unwrap_or(0.0))
            .fold(0.0, f64::max);
        let (time, tokens) = (8, if look.width >= 76 { 12 } else { 0 });
        let widest = rows.iter().map(|row| columns(&row.branch) + label_width(&row.what)).max().unwrap_or(0);
        let rest = look.width.saturating_sub(time + 2 + if tokens > 0 { tokens + 2 } else { 0 });
        // The tree gets what it needs up to two thirds; the bars get the rest, if it is worth it.
        let name = widest.clamp(20, (rest * 2 / 3).max(20));
        let bar = rest.saturating_sub(name + 2).min(60);
        let (name, bar) = if bar < 8 { (rest, 0) } else { (name, bar) };
        Self { name, bar, time, tokens, from, span: (end - from).max(0.001) }
    }

    /// The bar of one step.
    fn bar(&self, look: &Look, step: &Step, duration_ms: Option<f64>) -> String {
        let place = |ms: f64| ((ms - self.from) / self.span * self.bar as f64).clamp(0.0, self.bar as f64);
        let start = place(step.start_offset_ms);
        let open = duration_ms.is_none();
        let end =
            if open { self.bar as f64 } else { place(step.start_offset_ms + duration_ms.unwrap_or(0.0)) };
        let first = (start.floor() as usize).min(self.bar.saturating_sub(1));
        let last = (end.ceil() as usize).clamp(first + 1, self.bar);
        let full = if open { look.either("╌", ".") } else { look.either("━", "=") };
        let tone = tone(step);
        format!(
            "{}{}{}",
            " ".repeat(first),
            look.paint(tone, &full.repeat(last - first)),
            " ".repeat(self.bar - last)
        )
    }
}

/// The steps.
pub(crate) fn waterfall(look: &Look, run: &Run, timeline: &Timeline) -> String {
    let steps = &timeline.steps;
    if steps.is_empty() {
        return "No steps.\n".to_owned();
    }
    let rows = tree::rows(look, steps);
    let layout = Layout::of(look, &rows, steps);
    let mut out = String::new();
    for row in &rows {
        match row.what {
            What::Turn(n, of) => turn_line(&mut out, look, &layout, &row.branch, n, turn(run, of, n)),
            What::Step(step) => step_line(&mut out, look, &layout, row, step, own_time(run, step)),
        }
    }
    if let Some(next) = timeline.next_from {
        let _ = writeln!(out, "{} of {} steps shown; the rest: --from {next}", steps.len(), timeline.total);
    }
    out
}

/// The turn as the run's detail has it; of child runs it is not known here.
fn turn<'a>(run: &'a Run, of: Option<&str>, n: u64) -> Option<&'a Turn> {
    (of == Some(run.run_id.as_str())).then(|| run.turns.iter().find(|turn| turn.n == n)).flatten()
}

fn turn_line(out: &mut String, look: &Look, layout: &Layout, branch: &str, n: u64, turn: Option<&Turn>) {
    let mut text = format!("turn {n}");
    if let Some(turn) = turn {
        for note in notes(turn) {
            text.push_str(look.either(" · ", " - "));
            text.push_str(&note);
        }
    }
    let tokens =
        turn.and_then(|turn| turn.usage.as_ref()).map_or_else(String::new, |usage| tokens(look, usage));
    let time = turn.map_or_else(String::new, |turn| human::duration(turn.duration_ms));
    let room = layout.name + if layout.bar > 0 { layout.bar + 2 } else { 0 };
    let left = room.saturating_sub(columns(branch));
    let mut line =
        format!("{}{}", look.paint(Tone::Faint, branch), look.paint(Tone::Strong, &look.fit(&text, left)));
    let _ = write!(line, "  {}", look.paint(Tone::Faint, &look.fit_right(&time, layout.time)));
    if layout.tokens > 0 {
        let _ = write!(line, "  {}", look.paint(Tone::Faint, &look.fit_right(&tokens, layout.tokens)));
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// What happened to the context.
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

/// How long a step took. A run that no span stands for took as long as all of it.
fn own_time(run: &Run, step: &Step) -> Option<f64> {
    if step.kind == "run" && run.span_id.is_none() && step.run_id.as_deref() == Some(&run.run_id) {
        return (run.status != "running").then_some(run.duration_ms);
    }
    step.duration_ms
}

fn step_line(
    out: &mut String,
    look: &Look,
    layout: &Layout,
    row: &tree::Row<'_>,
    step: &Step,
    duration_ms: Option<f64>,
) {
    let branch = row.branch.as_str();
    let (kind, name) = (kind(step), label(step));
    let mut room = layout.name.saturating_sub(columns(branch) + KIND + 1);
    let marks = marks(look, step);
    let marks_width: usize = marks.iter().map(|(text, _)| columns(text) + 1).sum();
    room = room.saturating_sub(marks_width);
    let name = look.cut(&name, room.max(4));
    let mut used = columns(branch) + KIND + 1 + columns(&name);
    let mut line = look.paint(Tone::Faint, branch);
    let tone = if step.outer || !step.counted && step.kind == "llm" {
        Tone::Faint
    } else {
        tone_of_kind(&step.kind)
    };
    let _ = write!(line, "{} ", look.paint(tone, &look.fit(kind, KIND)));
    let name_tone = match step.status.as_str() {
        "error" => Tone::Bad,
        _ if step.kind == "run" => Tone::Strong,
        _ if step.outer => Tone::Faint,
        _ => Tone::Plain,
    };
    line.push_str(&look.paint(name_tone, &name));
    for (text, tone) in marks {
        if used + 1 + columns(&text) <= layout.name {
            used += 1 + columns(&text);
            let _ = write!(line, " {}", look.paint(tone, &text));
        }
    }
    line.push_str(&" ".repeat(layout.name.saturating_sub(used)));
    if layout.bar > 0 {
        let _ = write!(line, "  {}", layout.bar(look, step, duration_ms));
    }
    let time = duration_ms
        .map_or_else(|| if step.span_id.is_some() { "open" } else { "" }.to_owned(), human::duration);
    let _ = write!(line, "  {}", look.fit_right(&time, layout.time));
    if layout.tokens > 0
        && let Some(usage) = step.usage.as_ref().filter(|_| step.kind == "llm" || step.kind == "embedding")
    {
        let _ = write!(line, "  {}", look.fit_right(&tokens(look, usage), layout.tokens));
    }
    out.push_str(line.trim_end());
    out.push('\n');
    if let Some(error) = step.error.as_ref().filter(|_| step.kind != "run") {
        under(out, look, &row.below, &one_line(&error.text()));
    }
}

/// A line below a step, where its name begins: what went wrong.
fn under(out: &mut String, look: &Look, below: &str, text: &str) {
    let indent = columns(below) + KIND + 1;
    let text = look.cut(text, look.width.saturating_sub(indent));
    let (lines, text) = (look.paint(Tone::Faint, below), look.paint(Tone::Bad, &text));
    let _ = writeln!(out, "{lines}{}{text}", " ".repeat(KIND + 1));
}

/// Columns of the kind.
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
        // Why a gate said what it said is what one wants to know of it.
        "policy" => step.verdict.as_ref().and_then(|verdict| verdict.reason.as_deref()).unwrap_or(&step.name),
        _ => &step.name,
    };
    one_line(name)
}

fn label_width(what: &What<'_>) -> usize {
    match what {
        What::Turn(..) => 10,
        What::Step(step) => {
            let verdict = step.verdict.as_ref().map_or(0, |verdict| verdict_text(verdict).len() + 1);
            let name = columns(&label(step)).min(if step.kind == "policy" { 32 } else { usize::MAX });
            KIND + 1 + name + verdict
        }
    }
}

/// What else is to be seen at a glance.
fn marks(look: &Look, step: &Step) -> Vec<(String, Tone)> {
    let mut out = Vec::new();
    if step.status == "error" {
        out.push((look.either("✗", "!").to_owned(), Tone::Bad));
    }
    let said_above = step.kind == "policy" && step.verdict.as_ref().is_some_and(|v| v.reason.is_some());
    if let Some(verdict) = step.verdict.as_ref().filter(|_| !said_above) {
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

fn verdict_text(verdict: &Verdict) -> String {
    let by = verdict.decided_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
    match (verdict.verdict.as_str(), verdict.resolution.as_deref()) {
        ("deny", _) => format!("denied{by}"),
        ("allow", _) => "allowed".to_owned(),
        (_, Some(resolution)) => format!("{resolution}{by}"),
        _ => "asks a human".to_owned(),
    }
}

fn tokens(look: &Look, usage: &Usage) -> String {
    match (usage.input_tokens, usage.output_tokens) {
        (None, None) => String::new(),
        (input, output) => {
            let part = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), human::count);
            format!("{}{}{}", part(input), look.either("→", ">"), part(output))
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
