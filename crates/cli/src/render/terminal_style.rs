//! The style of terminal output: width, colours, character set, and the current time for relative times.

use std::io::IsTerminal as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The style of terminal output. All rendering is a function of this and the data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TerminalStyle {
    /// Width in columns.
    pub(crate) width: usize,
    pub(crate) colour: bool,
    pub(crate) unicode: bool,
    /// The current time, in milliseconds since the Unix epoch.
    pub(crate) now: i64,
}

/// The meaning of a text, which determines its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Warn,
    Model,
    Tool,
    Agent,
}

impl Tone {
    /// What `TerminalStyle::paint` writes before and after a text.
    const SEQUENCES: [&str; 9] = [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[31m",
        "\u{1b}[32m",
        "\u{1b}[33m",
        "\u{1b}[34m",
        "\u{1b}[35m",
        "\u{1b}[36m",
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warn => "33",
            Self::Model => "36",
            Self::Tool => "35",
            Self::Agent => "34",
        }
    }
}

/// The width if the output is not a terminal and `COLUMNS` is not set.
const WIDTH: usize = 120;

impl TerminalStyle {
    /// The style for stdout: colours on a terminal only (honours `NO_COLOR` and `CLICOLOR_FORCE`); width from
    /// `COLUMNS` or the terminal.
    pub(crate) fn for_stdout() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let width = variable("COLUMNS")
            .and_then(|columns| columns.parse().ok())
            .or_else(|| {
                terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|_| terminal)
            })
            .unwrap_or(WIDTH);
        let language = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
        let ascii = variable("TURNSCOPE_ASCII").is_some()
            || language.is_some_and(|language| matches!(language.as_str(), "C" | "POSIX"));
        Self {
            width: width.clamp(40, 400),
            colour: (terminal || forced) && !dumb && variable("NO_COLOR").is_none(),
            unicode: !ascii,
            now: std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |now| now.as_millis() as i64),
        }
    }

    /// Colours a text.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
    }

    /// Chooses a character by character set.
    pub(crate) const fn either(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The symbol and tone of a status.
    pub(crate) fn status(&self, status: &str) -> (&'static str, Tone) {
        match status {
            "completed" | "ok" => (self.either("✓", "+"), Tone::Good),
            "failed" | "error" => (self.either("✗", "x"), Tone::Bad),
            "running" => (self.either("●", "*"), Tone::Agent),
            _ => (self.either("◌", "?"), Tone::Warn),
        }
    }

    /// Truncates to a width, with an ellipsis.
    pub(crate) fn cut(&self, text: &str, width: usize) -> String {
        if columns(text) <= width {
            return text.to_owned();
        }
        let sign = self.either("…", "~");
        let mut out = String::new();
        let mut used = 1;
        for c in text.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width {
                break;
            }
            used += wide;
            out.push(c);
        }
        if width > 0 {
            out.push_str(sign);
        }
        out
    }

    /// Truncates or pads on the right.
    pub(crate) fn fit(&self, text: &str, width: usize) -> String {
        let cut = self.cut(text, width);
        let missing = width.saturating_sub(columns(&cut));
        cut + &" ".repeat(missing)
    }

    /// Truncates or pads on the left.
    pub(crate) fn fit_right(&self, text: &str, width: usize) -> String {
        let cut = self.cut(text, width);
        " ".repeat(width.saturating_sub(columns(&cut))) + &cut
    }
}

/// The width of a text in columns.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Whether a character drives a terminal or turns the direction of the text around it.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The character, or a mark in the place of a harmful one.
pub(crate) fn harmless(c: char) -> char {
    match c {
        _ if c.is_whitespace() && c.is_control() => ' ',
        _ if is_harmful(c) => '\u{fffd}',
        _ => c,
    }
}

/// A text in which line breaks stay and other harmful characters are marked. Where `colours` are on, the sequences that
/// `TerminalStyle::paint` writes stay too.
pub(crate) fn harmless_lines(text: &str, colours: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = Tone::SEQUENCES.iter().find(|sequence| colours && rest.starts_with(**sequence));
        if let Some(sequence) = colour {
            out.push_str(sequence);
            rest = &rest[sequence.len()..];
            continue;
        }
        out.push(if c == '\n' { c } else { harmless(c) });
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Joins a text into one line: collapses white space and marks harmful characters.
pub(crate) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(harmless).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Wraps at spaces to a width; words that are too long are split.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let clean: String = paragraph.chars().map(harmless).collect();
        let indent: String = clean.chars().take_while(|c| *c == ' ').take(width / 2).collect();
        let mut line = indent.clone();
        for word in clean.split_whitespace() {
            let mut word = word.to_owned();
            let space = usize::from(columns(&line) > columns(&indent));
            if columns(&line) + space + columns(&word) > width && columns(&line) > columns(&indent) {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            } else if space == 1 {
                line.push(' ');
            }
            while columns(&line) + columns(&word) > width {
                let room = width.saturating_sub(columns(&line)).max(1);
                let at = byte_at(&word, room);
                let rest = word.split_off(at);
                line.push_str(&word);
                lines.push(std::mem::replace(&mut line, indent.clone()));
                word = rest;
            }
            line.push_str(&word);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The byte index at which this many columns end; never 0 for a non-empty text.
fn byte_at(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: TerminalStyle = TerminalStyle { width: 80, colour: false, unicode: true, now: 0 };

    #[test]
    fn wide_characters_count_twice_and_truncation_is_marked() {
        assert_eq!(STYLE.cut("日本語テキスト", 7), "日本語…");
        assert_eq!(STYLE.fit("日本", 6), "日本  ");
        assert_eq!(STYLE.cut("abc", 0), "");
    }

    #[test]
    fn harmful_characters_are_marked() {
        assert_eq!(one_line("a\u{1b}[2J\n\t b"), "a\u{fffd}[2J b");
        assert_eq!(one_line("\u{202e}a\u{9b}\u{7f}\u{8}\rb"), "\u{fffd}a\u{fffd}\u{fffd}\u{fffd} b");
        let text = "\u{1b}[31mred\u{1b}[0m\n\u{1b}]0;title\u{7}\u{2066}\u{1b}[5m";
        assert_eq!(
            harmless_lines(text, true),
            "\u{1b}[31mred\u{1b}[0m\n\u{fffd}]0;title\u{fffd}\u{fffd}\u{fffd}[5m"
        );
        assert!(!harmless_lines(text, false).contains(|c| c != '\n' && is_harmful(c)));
        for tone in [
            Tone::Strong,
            Tone::Faint,
            Tone::Good,
            Tone::Bad,
            Tone::Warn,
            Tone::Model,
            Tone::Tool,
            Tone::Agent,
        ] {
            let painted = TerminalStyle { colour: true, ..STYLE }.paint(tone, "x");
            assert_eq!(harmless_lines(&painted, true), painted, "{tone:?}");
        }
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
    }
}
