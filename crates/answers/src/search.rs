//! Search in content: each hit with its runs, turns and steps.

use crate::{Answers, Result, wire::at_ms};
use turnscope_api::{Hit, Occurrence, SearchReply};
use turnscope_model::Purpose;
use turnscope_query::{self as query, Phrase, SearchCursor};

/// Characters of a snippet.
const SNIPPET: usize = 240;

impl Answers {
    /// The newest messages, arguments, results and errors that hold all of these words and phrases.
    pub fn search(
        &self,
        phrases: &[Phrase],
        limit: u32,
        after: Option<&SearchCursor>,
    ) -> Result<SearchReply> {
        let page = self.read(|reader| Ok(reader.search(phrases, limit, after)?))?;
        Ok(SearchReply {
            hits: page.hits.iter().map(|hit| wire_hit(hit, phrases)).collect(),
            next_cursor: page.next.map(String::from),
            search_lag: self.store.counters().index_lag,
        })
    }
}

fn wire_hit(hit: &query::Hit, phrases: &[Phrase]) -> Hit {
    let text = turnscope_otlp::messages::item_text(hit.form, hit.purpose, &hit.bytes);
    let (snippet, highlights) = snippet(&text, phrases);
    let occurrence = |occurrence: &query::Occurrence| Occurrence {
        run_id: occurrence.run_id.to_string(),
        run_name: occurrence.run_name.clone(),
        turn: occurrence.turn,
        step_id: occurrence.step_id.to_string(),
        step_name: occurrence.step_name.clone(),
        started_at: at_ms(occurrence.start),
    };
    Hit {
        id: hit.hash.to_string(),
        purpose: match hit.purpose {
            Purpose::Input => "input",
            Purpose::Output => "output",
            Purpose::System => "system",
            Purpose::Definitions => "definitions",
            Purpose::Arguments => "arguments",
            Purpose::Result => "result",
            Purpose::Error => "error",
            Purpose::Other => "other",
        }
        .to_owned(),
        snippet,
        highlights,
        places: hit.occurrences.iter().map(occurrence).collect(),
    }
}

/// A piece of the text around the first match, and where in it the matches are.
fn snippet(text: &str, phrases: &[Phrase]) -> (String, Vec<(usize, usize)>) {
    let chars: Vec<char> = text.chars().collect();
    let folded: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let needles: Vec<Vec<char>> = phrases
        .iter()
        .map(|phrase| phrase.text.to_lowercase().chars().collect::<Vec<char>>())
        .filter(|needle| !needle.is_empty())
        .collect();
    let find = |from: usize, to: usize| {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for needle in &needles {
            for at in from..to.saturating_sub(needle.len() - 1) {
                if folded[at..].starts_with(needle) {
                    found.push((at, at + needle.len()));
                }
            }
        }
        found.sort_unstable();
        found
    };
    let first = find(0, chars.len()).first().map_or(0, |(start, _)| *start);
    let start = first.saturating_sub(SNIPPET / 4);
    // It begins with a whole word where one is near.
    let start = match chars[start..first].iter().take(24).position(|c| c.is_whitespace()) {
        Some(space) if start > 0 => start + space + 1,
        _ => start,
    };
    let end = (start + SNIPPET).min(chars.len());
    let highlights = find(start, end).into_iter().map(|(a, b)| (a - start, b - start)).collect();
    (chars[start..end].iter().collect(), highlights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_holds_the_match_and_says_where() {
        let text = format!("{} the Refund policy of {}", "x ".repeat(300), "y ".repeat(300));
        let (piece, marks) = snippet(&text, &["refund policy".into()]);
        let (start, end) = marks[0];
        let marked: String = piece.chars().skip(start).take(end - start).collect();
        assert_eq!(marked, "Refund policy");
        assert_eq!(piece.chars().count(), SNIPPET);
    }

    #[test]
    fn text_without_a_match_shows_its_beginning() {
        assert_eq!(snippet("äöü", &["zz".into()]), ("äöü".into(), vec![]));
    }
}
