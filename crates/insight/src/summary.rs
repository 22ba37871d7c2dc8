//! A short summary of a run in plain text, for a person or an agent's context.

use std::fmt::Write as _;
use turnscope_model::Usage;

/// The facts for a summary.
#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    /// The run's id.
    pub run_id: String,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service_name: String,
    /// Its status.
    pub status: String,
    /// The reason for the status.
    pub status_reason: Option<String>,
    /// Duration in milliseconds.
    pub duration_ms: f64,
    /// Token usage.
    pub usage: Usage,
    /// Models.
    pub models: Vec<String>,
    /// The number of model calls.
    pub llm_calls: u64,
    /// The number of tool calls.
    pub tool_calls: u64,
    /// The number of failed steps.
    pub errors: u64,
    /// Cost in US dollars.
    pub cost_usd: Option<f64>,
    /// The first error.
    pub error: Option<String>,
    /// The prompt.
    pub input: Option<String>,
    /// The answer.
    pub output: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Its turns.
    pub turns: Vec<TurnFacts>,
}

/// One turn.
#[derive(Clone, Debug, Default)]
pub struct TurnFacts {
    /// Its number.
    pub n: u64,
    /// The model's text.
    pub said: String,
    /// The requested tool calls.
    pub tools: Vec<ToolFacts>,
    /// Token usage.
    pub usage: Usage,
    /// Duration in milliseconds.
    pub duration_ms: f64,
    /// The error.
    pub error: Option<String>,
}

/// One tool call.
#[derive(Clone, Debug, Default)]
pub struct ToolFacts {
    /// The tool.
    pub name: String,
    /// Its arguments as text.
    pub arguments: Option<String>,
    /// Its result as text.
    pub result: Option<String>,
    /// The error.
    pub error: Option<String>,
    /// The policy's verdict.
    pub verdict: Option<String>,
    /// Duration in milliseconds.
    pub duration_ms: Option<f64>,
}

/// Lengths to truncate texts to, tried in this order until the summary fits.
const WIDTHS: [usize; 6] = [2000, 800, 400, 160, 80, 40];

/// A summary of at most `max_chars` characters.
pub fn summarise(run: &RunFacts, max_chars: usize) -> String {
    for width in WIDTHS {
        let text = render(run, width, run.turns.len());
        if text.chars().count() <= max_chars {
            return text;
        }
    }
    // Still too long: leave out turns in the middle.
    let mut shown = run.turns.len();
    while shown > 2 {
        shown /= 2;
        let text = render(run, WIDTHS[WIDTHS.len() - 1], shown);
        if text.chars().count() <= max_chars {
            return text;
        }
    }
    cut(&render(run, WIDTHS[WIDTHS.len() - 1], 0), max_chars)
}

fn render(run: &RunFacts, width: usize, shown: usize) -> String {
    let mut out = String::new();
    let _ = write!(out, "Run {} of {}", run.run_id, run.name);
    if !run.service_name.is_empty() && run.service_name != run.name {
        let _ = write!(out, " ({})", run.service_name);
    }
    let _ = write!(out, ": {}", run.status);
    if let Some(reason) = &run.status_reason {
        let _ = write!(out, " ({reason})");
    }
    let _ = writeln!(
        out,
        ", {} in {}, {} and {}{}.",
        count(run.turns.len() as u64, "turn"),
        duration(run.duration_ms),
        count(run.llm_calls, "model call"),
        count(run.tool_calls, "tool call"),
        if run.errors > 0 { format!(", {}", count(run.errors, "failed step")) } else { String::new() }
    );
    let tokens = tokens(&run.usage);
    if !tokens.is_empty() || !run.models.is_empty() {
        let _ = write!(
            out,
            "Models: {}.",
            if run.models.is_empty() { "unknown".into() } else { run.models.join(", ") }
        );
        if !tokens.is_empty() {
            let _ = write!(out, " Tokens: {tokens}.");
        }
        if let Some(cost) = run.cost_usd {
            let _ = write!(out, " Cost: ${cost:.4}.");
        }
        out.push('\n');
    }
    for (label, value) in [("Session", &run.session_id), ("User", &run.user_id)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{label}: {value}");
        }
    }
    for (label, value) in [("Asked", &run.input), ("Answered", &run.output), ("Failed with", &run.error)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{label}: {}", cut(value, width));
        }
    }
    let head = shown.div_ceil(2);
    let tail = run.turns.len().saturating_sub(shown - head);
    for (i, turn) in run.turns.iter().enumerate() {
        if i < head || i >= tail.max(head) {
            write_turn(&mut out, turn, width);
        } else if i == head {
            let _ = writeln!(out, "… {} left out …", count((tail.max(head) - head) as u64, "turn"));
        }
    }
    out
}

fn write_turn(out: &mut String, turn: &TurnFacts, width: usize) {
    let _ = write!(out, "Turn {} ({}", turn.n, duration(turn.duration_ms));
    let tokens = tokens(&turn.usage);
    if !tokens.is_empty() {
        let _ = write!(out, ", {tokens}");
    }
    out.push(')');
    if !turn.said.trim().is_empty() {
        let _ = write!(out, ": {}", cut(turn.said.trim(), width));
    }
    out.push('\n');
    for tool in &turn.tools {
        let _ = write!(out, "  {}({})", tool.name, cut(tool.arguments.as_deref().unwrap_or(""), width));
        if let Some(verdict) = &tool.verdict {
            let _ = write!(out, " [{verdict}]");
        }
        match (&tool.error, &tool.result) {
            (Some(error), _) => {
                let _ = write!(out, " failed: {}", cut(error, width));
            }
            (None, Some(result)) => {
                let _ = write!(out, " -> {}", cut(result, width));
            }
            (None, None) => {}
        }
        out.push('\n');
    }
    if let Some(error) = &turn.error {
        let _ = writeln!(out, "  failed: {}", cut(error, width));
    }
}

fn tokens(usage: &Usage) -> String {
    let mut out = Vec::new();
    if let Some(input) = usage.input_tokens {
        let cached =
            usage.cache_read_tokens.filter(|n| *n > 0).map_or(String::new(), |n| format!(" ({n} cached)"));
        out.push(format!("{input} in{cached}"));
    }
    if let Some(output) = usage.output_tokens {
        out.push(format!("{output} out"));
    }
    out.join(", ")
}

fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn duration(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

/// One line of at most `width` characters, with an ellipsis if it was truncated.
fn cut(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(turns: u64) -> RunFacts {
        RunFacts {
            run_id: "0123".into(),
            name: "support".into(),
            status: "completed".into(),
            duration_ms: 1250.0,
            llm_calls: turns,
            tool_calls: turns,
            input: Some("Where is my\norder?".into()),
            output: Some("It left on Monday.".into()),
            turns: (1..=turns)
                .map(|n| TurnFacts {
                    n,
                    said: "Let me look that up for you.".into(),
                    tools: vec![ToolFacts {
                        name: "find_order".into(),
                        arguments: Some("{\"id\":7}".into()),
                        result: Some("shipped ".repeat(50)),
                        verdict: Some("allow".into()),
                        ..ToolFacts::default()
                    }],
                    usage: Usage { input_tokens: Some(10), cache_read_tokens: Some(4), ..Usage::default() },
                    ..TurnFacts::default()
                })
                .collect(),
            ..RunFacts::default()
        }
    }

    #[test]
    fn a_summary_has_the_prompt_the_turns_and_the_answer() {
        let text = summarise(&run(1), 4000);
        assert!(
            text.starts_with(
                "Run 0123 of support: completed, 1 turn in 1.2 s, 1 model call and 1 tool call.\n"
            )
        );
        assert!(text.contains("Asked: Where is my order?\nAnswered: It left on Monday.\n"));
        assert!(text.contains("Turn 1 (0 ms, 10 in (4 cached)): Let me look that up for you.\n"));
        assert!(text.contains("  find_order({\"id\":7}) [allow] -> shipped shipped"));
    }

    #[test]
    fn a_summary_never_exceeds_its_limit_and_says_what_it_left_out() {
        for max in [200, 400, 1000, 3000] {
            let text = summarise(&run(200), max);
            assert!(text.chars().count() <= max, "{} > {max}", text.chars().count());
        }
        assert!(summarise(&run(200), 3000).contains("turns left out …"));
    }
}
