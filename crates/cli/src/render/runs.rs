//! The list of runs, and a run on one line.

use super::{
    human,
    table::{Cell, Column, table},
    terminal_style::{TerminalStyle, Tone, columns, one_line},
};
use turnscope_api::{ListedRun, Run, RunList, Session};

/// The number of digits of an id to show.
pub(crate) const SHORT: usize = 8;

/// The prefix of an id.
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// A run's display name.
pub(crate) fn name(run: &Run) -> String {
    // A run without a span is named after an event, so its service's name says more.
    let own =
        if run.span_id.is_none() && !run.service_name.is_empty() { &run.service_name } else { &run.name };
    let name = one_line(run.agent_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(own));
    if name.is_empty() { "(no name)".to_owned() } else { name }
}

/// The list.
pub(crate) fn runs(style: &TerminalStyle, list: &RunList, filtered: bool) -> String {
    if list.runs.is_empty() {
        return if filtered {
            "No run matches. Omit -q to list all runs.\n".to_owned()
        } else {
            "No runs yet. Send OpenTelemetry data to the server's OTLP ports, or try `turnscope demo`.\n"
                .to_owned()
        };
    }
    let all = [
        Column::text("", 1, 0),
        Column::text("RUN", SHORT, 0),
        Column::text("AGENT", if style.width < 110 { 16 } else { 22 }, 0),
        Column::flexible("ASKED", 12, 0),
        Column::flexible("ANSWERED", 14, 6),
        Column::figure("TURNS", 3),
        Column::figure("TOOLS", 5),
        Column::figure("TOKENS", 2),
        Column::figure("COST", 4),
        Column::figure("TIME", 1),
        Column::text("WHEN", 12, 1),
    ];
    let rows: Vec<Vec<Cell>> = list.runs.iter().map(|run| row(style, run)).collect();
    let mut out = table(style, &all, &rows);
    if list.next_cursor.is_some() {
        let of_all = list.total.map_or_else(String::new, |total| format!(" of {total}"));
        let more = format!("{}{of_all}; --limit N shows more\n", list.runs.len());
        out.push_str(&style.paint(Tone::Faint, &more));
    }
    out
}

fn row(style: &TerminalStyle, listed: &ListedRun) -> Vec<Cell> {
    let (run, total) = (&listed.run, &listed.total);
    let (sign, tone) = style.status(&run.status);
    // The figures of what was asked for are those with all it set off.
    let (figures, money) =
        if total.run_count > 0 { (&total.figures, &total.money) } else { (&run.figures, &run.money) };
    let time = if run.status == "running" { "open".to_owned() } else { human::duration(run.duration_ms) };
    let (asked, came) = said(run);
    let failed = run.error.is_some() && run.status == "failed";
    vec![
        Cell(sign.to_owned(), tone),
        Cell::faint(short(&run.run_id)),
        Cell(name(run), if run.parent_run_id.is_some() { Tone::Plain } else { Tone::Strong }),
        Cell::plain(asked),
        Cell(came, if failed { Tone::Bad } else { Tone::Plain }),
        Cell::plain(figure(figures.turn_count)),
        Cell::plain(figure(figures.tool_call_count)),
        Cell::plain(figures.tokens().map_or_else(String::new, human::count)),
        Cell::plain(human::cost(money)),
        Cell::plain(time),
        Cell::faint(human::ago(run.started_at, style.now)),
    ]
}

fn figure(n: u64) -> String {
    if n == 0 { String::new() } else { human::count(n) }
}

/// The input and the outcome, each on one line.
fn said(run: &Run) -> (String, String) {
    let asked = run.input_preview.as_deref().map(one_line).unwrap_or_default();
    let came = match (&run.error, &run.output_preview) {
        (Some(error), _) if run.status == "failed" => error.text(),
        _ if run.status == "waiting" => run.status_reason.clone().unwrap_or_default(),
        (_, Some(output)) => output.clone(),
        _ => run.status_reason.clone().unwrap_or_default(),
    };
    (asked, one_line(&came))
}

/// A run on one line, for a live list.
pub(crate) fn line(style: &TerminalStyle, run: &Run) -> String {
    let (sign, tone) = style.status(&run.status);
    let mut facts = vec![human::plural(run.figures.turn_count, "turn")];
    if run.figures.tool_call_count > 0 {
        facts.push(human::plural(run.figures.tool_call_count, "tool call"));
    }
    if let Some(tokens) = run.figures.tokens() {
        facts.push(format!("{} tokens", human::count(tokens)));
    }
    if run.status != "running" {
        facts.push(human::duration(run.duration_ms));
    }
    let facts = facts.join(style.either(" · ", ", "));
    let name = style.fit(&name(run), 20);
    let (asked, came) = said(run);
    let said = if came.is_empty() { asked } else { format!("{} {came}", style.either("→", "->")) };
    let before = 1 + 1 + SHORT + 2 + 20 + 2 + columns(&facts) + 2;
    let said = if style.width > before + 12 { style.cut(&said, style.width - before) } else { String::new() };
    format!(
        "{} {}  {}  {facts}  {}\n",
        style.paint(tone, sign),
        style.paint(Tone::Faint, short(&run.run_id)),
        style.paint(Tone::Strong, &name),
        style.paint(Tone::Faint, &said)
    )
}

/// The list of sessions.
pub(crate) fn sessions(style: &TerminalStyle, sessions: &[Session]) -> String {
    if sessions.is_empty() {
        return "No sessions: no run has a session id.\n".to_owned();
    }
    let all = [
        Column::text("SESSION", 32, 0),
        Column::text("USER", 20, 3),
        Column::figure("RUNS", 0),
        Column::figure("TURNS", 4),
        Column::figure("ERRORS", 4),
        Column::figure("TOKENS", 2),
        Column::figure("COST", 2),
        Column::flexible("FIRST ASKED", 12, 0),
        Column::text("LAST SEEN", 12, 1),
    ];
    let rows: Vec<Vec<Cell>> = sessions
        .iter()
        .map(|session| {
            let tokens = human::tokens(session.usage.as_ref());
            vec![
                Cell(one_line(&session.session_id), Tone::Strong),
                Cell::plain(session.user_id.as_deref().map(one_line).unwrap_or_default()),
                Cell::plain(session.run_count.to_string()),
                Cell::plain(figure(session.turn_count)),
                Cell(figure(session.error_count), Tone::Bad),
                Cell::plain(tokens.map_or_else(String::new, human::count)),
                Cell::plain(human::cost(&session.money)),
                Cell::plain(session.input_preview.as_deref().map(one_line).unwrap_or_default()),
                Cell::faint(human::ago(session.last_seen_at, style.now)),
            ]
        })
        .collect();
    table(style, &all, &rows)
}
