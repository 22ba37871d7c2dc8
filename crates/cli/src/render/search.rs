//! Rendering search results.

use super::{
    human,
    runs::short,
    terminal_style::{TerminalStyle, Tone, harmless, one_line, wrap},
};
use std::fmt::Write as _;
use turnscope_api::{Hit, SearchReply};

/// The hits.
pub(crate) fn hits(style: &TerminalStyle, reply: &SearchReply) -> String {
    let mut out = String::new();
    if reply.hits.is_empty() {
        out.push_str("Nothing found. All words must occur in one message.\n");
    }
    for hit in &reply.hits {
        put_hit(&mut out, style, hit);
    }
    if let Some(total) = reply.total.filter(|total| *total > reply.hits.len() as u64) {
        let at_least = if reply.total_is_exact == Some(true) { "" } else { "at least " };
        let _ = writeln!(out, "{} of {at_least}{}.", reply.hits.len(), human::plural(total, "message"));
    }
    if reply.search_lag > 0 {
        let _ = writeln!(out, "{} messages are not indexed yet.", human::count(reply.search_lag));
    }
    out
}

fn put_hit(out: &mut String, style: &TerminalStyle, hit: &Hit) {
    if let Some(place) = hit.places.first() {
        let turn = place.turn.map_or_else(String::new, |turn| format!(" turn {turn}"));
        let more = match hit.places.len() {
            0 | 1 => String::new(),
            n => format!(", and {}", human::plural(n as u64 - 1, "other place")),
        };
        let _ = writeln!(
            out,
            "{}  {}{turn}  {}",
            style.paint(Tone::Faint, short(&place.run_id)),
            style.paint(Tone::Strong, &style.cut(&one_line(&place.run_name), 40)),
            style.paint(
                Tone::Faint,
                &format!("{}, {}{more}", hit.purpose, human::ago(place.started_at, style.now))
            )
        );
    }
    // Highlights are marked by zero-width characters, so that they and the colours do not affect wrapping.
    let mut marked = String::new();
    for (at, c) in hit.snippet.chars().enumerate() {
        for (start, end) in &hit.highlights {
            if *end == at {
                marked.push(END);
            }
            if *start == at {
                marked.push(START);
            }
        }
        marked.push(if c == START || c == END { ' ' } else { harmless(c) });
    }
    let mut on = false;
    for line in wrap(&one_line(&marked), style.width.saturating_sub(4)).iter().take(4) {
        let _ = writeln!(out, "    {}", lit(style, line, &mut on));
    }
    out.push('\n');
}

/// Zero-width characters that mark highlights.
const START: char = '\u{2060}';
const END: char = '\u{2061}';

fn lit(style: &TerminalStyle, line: &str, on: &mut bool) -> String {
    let mut out = String::new();
    let mut piece = String::new();
    let flush = |piece: &mut String, on: bool, out: &mut String| {
        out.push_str(&style.paint(if on { Tone::Warn } else { Tone::Plain }, piece));
        piece.clear();
    };
    for c in line.chars() {
        match c {
            START | END => {
                flush(&mut piece, *on, &mut out);
                *on = c == START;
            }
            c => piece.push(c),
        }
    }
    flush(&mut piece, *on, &mut out);
    out
}
