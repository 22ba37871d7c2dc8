//! Rendering a turn with its messages: what was new, the model's output and tool results.

use super::{
    human,
    show::notes,
    terminal_style::{TerminalStyle, Tone, one_line, wrap},
};
use serde_json::Value;
use std::fmt::Write as _;
use turnscope_api::{ToolCall, TurnDetail};
use turnscope_model::{Message, Part};

/// Maximum number of lines per message.
const MAX_LINES: usize = 40;

/// One turn.
pub(crate) fn turn(style: &TerminalStyle, of: &str, detail: &TurnDetail) -> String {
    let mut out = String::new();
    let turn = &detail.turn;
    let mut title = format!("turn {}", turn.n);
    if !of.is_empty() {
        title = format!("{of}, {title}");
    }
    if let Some(resent) = turn.resent_count.filter(|resent| *resent > 0) {
        let _ = write!(title, "{}{resent} re-sent", style.either(" · ", " - "));
    }
    for note in notes(turn) {
        let _ = write!(title, "{}{note}", style.either(" · ", " - "));
    }
    let _ = write!(title, "{}{}", style.either(" · ", " - "), human::duration(turn.duration_ms));
    let rule = style.either("─", "-");
    let title = style.cut(&title, style.width.saturating_sub(6));
    let rest = style.width.saturating_sub(super::terminal_style::columns(&title) + 4);
    let _ = writeln!(
        out,
        "{} {} {}",
        style.paint(Tone::Faint, &rule.repeat(2)),
        style.paint(Tone::Strong, &title),
        style.paint(Tone::Faint, &rule.repeat(rest))
    );
    for message in detail.new_messages.iter().filter(|message| is_new(detail, message)) {
        put_message(&mut out, style, message);
    }
    for message in &detail.output {
        put_message(&mut out, style, message);
    }
    for tool in &detail.tools {
        put_tool(&mut out, style, detail, tool);
    }
    if detail.new_messages.is_empty() && detail.output.is_empty() && detail.tools.is_empty() {
        block(&mut out, style, "", Tone::Faint, "no messages were captured");
    }
    out
}

/// The previous answer and tool results were shown with the previous turn. After a rewritten history,
/// everything is new.
fn is_new(detail: &TurnDetail, message: &Message) -> bool {
    let turn = &detail.turn;
    turn.n == 1 || turn.breaks_at.is_some() || !matches!(message.role.as_str(), "assistant" | "tool")
}

fn put_message(out: &mut String, style: &TerminalStyle, message: &Message) {
    let tone = match message.role.as_str() {
        "user" => Tone::Good,
        "assistant" => Tone::Model,
        "tool" => Tone::Tool,
        _ => Tone::Faint,
    };
    for part in &message.parts {
        let (label, text) = part_text(part);
        let label = one_line(&format!("{} {label}", message.role));
        block(out, style, &label, tone, &text);
    }
}

fn part_text(part: &Part) -> (String, String) {
    let label = str::to_owned;
    match part {
        Part::Text { content } => (String::new(), content.clone()),
        Part::Reasoning { content } => (label("thinks"), content.clone()),
        Part::ToolCall { name, arguments: given, .. } => {
            (label("calls"), format!("{name}({})", arguments(given.as_ref())))
        }
        Part::ToolCallResponse { response, .. } => (label("result"), plain(response)),
        Part::Blob { modality, mime_type, .. } => {
            (modality.clone(), format!("({} inline)", mime_type.as_deref().unwrap_or_default()))
        }
        Part::Uri { modality, uri, .. } => (modality.clone(), uri.clone()),
        Part::File { modality, file_id, .. } => (modality.clone(), file_id.clone()),
        Part::Compaction { content } => (label("compaction"), content.clone().unwrap_or_default()),
        Part::Other { value } => (
            value["type"].as_str().unwrap_or("other").to_owned(),
            plain(value.get("content").unwrap_or(value)),
        ),
    }
}

/// Whether the model's output, shown above, contains the call.
fn was_asked(detail: &TurnDetail, asked: &str) -> bool {
    let mut parts = detail.output.iter().flat_map(|message| &message.parts);
    parts.any(|part| matches!(part, Part::ToolCall { name, .. } if name == asked))
}

fn put_tool(out: &mut String, style: &TerminalStyle, detail: &TurnDetail, call: &ToolCall) {
    let name = call.step.tool_name.as_deref().unwrap_or(&call.step.name);
    let name = one_line(name);
    if !was_asked(detail, &name) {
        block(out, style, "calls", Tone::Tool, &format!("{name}({})", arguments(call.arguments.as_ref())));
    }
    if let Some(error) = &call.step.error {
        block(out, style, &style.cut(&name, 16), Tone::Bad, &format!("failed: {}", error.text()));
    }
    if let Some(result) = &call.result {
        block(out, style, &style.cut(&name, 16), Tone::Tool, &plain(result));
    }
}

/// Arguments in call syntax.
fn arguments(arguments: Option<&Value>) -> String {
    match arguments {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
        }
        Some(other) => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A label with a text next to it.
fn block(out: &mut String, style: &TerminalStyle, label: &str, tone: Tone, text: &str) {
    const LABEL: usize = 17;
    let mut lines = wrap(text, style.width.saturating_sub(LABEL + 1));
    let hidden = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    for (n, line) in lines.iter().enumerate() {
        let label = if n == 0 { style.fit_right(label, LABEL - 1) } else { " ".repeat(LABEL - 1) };
        let _ = writeln!(out, "{}  {line}", style.paint(tone, &label));
    }
    if hidden > 0 {
        let more = format!("({hidden} more lines; --json has them)");
        let _ = writeln!(out, "{}  {}", " ".repeat(LABEL - 1), style.paint(Tone::Faint, &more));
    }
}
