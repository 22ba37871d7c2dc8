//! Rendering a turn with its messages: what was new, the model's output and tool results.

use super::{
    human,
    show::notes,
    terminal_style::{TerminalStyle, Tone, one_line, wrap},
};
use crate::wire::{Message, ToolCall, Turn};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write as _};

/// Maximum number of lines per message.
const MAX_LINES: usize = 40;

/// One turn.
pub(crate) fn turn(style: &TerminalStyle, of: &str, turn: &Turn) -> String {
    let mut out = String::new();
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
    for message in turn.new_messages.iter().filter(|message| is_new(turn, message)) {
        put_message(&mut out, style, message);
    }
    for message in &turn.output {
        put_message(&mut out, style, message);
    }
    for tool in &turn.tools {
        put_tool(&mut out, style, turn, tool);
    }
    if turn.new_messages.is_empty() && turn.output.is_empty() && turn.tools.is_empty() {
        block(&mut out, style, "", Tone::Faint, "no messages were captured");
    }
    out
}

/// The previous answer and tool results were shown with the previous turn. After a rewritten history,
/// everything is new.
fn is_new(turn: &Turn, message: &Message) -> bool {
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
        let label = if label.is_empty() { message.role.clone() } else { format!("{} {label}", message.role) };
        block(out, style, &label, tone, &text);
    }
}

fn part_text(part: &BTreeMap<String, Value>) -> (String, String) {
    let text = |key: &str| part.get(key).map(plain).unwrap_or_default();
    match part.get("type").and_then(Value::as_str).unwrap_or("") {
        "text" => (String::new(), text("content")),
        "tool_call" => ("calls".into(), format!("{}({})", text("name"), arguments(part.get("arguments")))),
        "reasoning" => ("thinks".into(), text("content")),
        "tool_call_response" => ("result".into(), text("response")),
        "blob" => (text("modality"), format!("({} inline)", text("mime_type"))),
        "uri" => (text("modality"), text("uri")),
        "file" => (text("modality"), text("file_id")),
        other => {
            let content = part.get("content").map_or_else(|| plain(&serde_json::json!(part)), plain);
            (other.to_owned(), content)
        }
    }
}

/// Whether the model's output, shown above, contains the call.
fn was_asked(turn: &Turn, name: &str) -> bool {
    let mut parts = turn.output.iter().flat_map(|message| &message.parts);
    parts.any(|part| {
        part.get("type").is_some_and(|of| of == "tool_call") && part.get("name").is_some_and(|of| of == name)
    })
}

fn put_tool(out: &mut String, style: &TerminalStyle, turn: &Turn, call: &ToolCall) {
    let name = call.step.tool_name.as_deref().unwrap_or(&call.step.name);
    let name = one_line(name);
    if !was_asked(turn, &name) {
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
