//! Search in content: each hit with its runs, turns and steps.

use crate::{Answers, Result, wire::at_ms};
use turnscope_api::{Hit, Occurrence, SearchReply};
use turnscope_query::{self as query, Moment, SearchQuery, TextQuery};

/// Characters of a snippet.
const SNIPPET: usize = 240;

impl Answers {
    /// The newest messages, arguments, results and errors that hold all of these words and phrases. `query.filter` holds no
    /// condition on attributes: they are not indexed.
    pub fn search(&self, query: &SearchQuery, moment: Moment) -> Result<SearchReply> {
        let page = self.read(|reader| Ok(reader.search(query, moment)?))?;
        let text_query = TextQuery::new(&query.phrases);
        Ok(SearchReply {
            hits: page.hits.iter().map(|hit| wire_hit(hit, &text_query)).collect(),
            next_cursor: page.next.map(String::from),
            total: page.matches.map(|matches| matches.count),
            total_is_exact: page.matches.map(|matches| matches.is_exact),
            search_lag: self.store.counters().index_lag,
        })
    }
}

fn wire_hit(hit: &query::Hit, text_query: &TextQuery) -> Hit {
    let text = turnscope_otlp::messages::item_text(hit.form, hit.purpose, &hit.bytes);
    let (snippet, highlights) = snippet(&text, text_query);
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
        purpose: hit.purpose.name().to_owned(),
        snippet,
        highlights,
        places: hit.occurrences.iter().map(occurrence).collect(),
    }
}

/// A piece of the text around the first match, and where in it the matches are, in characters.
fn snippet(text: &str, query: &TextQuery) -> (String, Vec<(usize, usize)>) {
    let first = query.first_place(text).unwrap_or(0);
    let before = &text[..first];
    let start = before.char_indices().rev().take(SNIPPET / 4).last().map_or(first, |(at, _)| at);
    // It begins with a whole word where one is near.
    let space = before[start..].char_indices().take(24).find(|(_, c)| c.is_whitespace());
    let start = match space {
        Some((at, space)) if start > 0 => start + at + space.len_utf8(),
        _ => start,
    };
    let piece: String = text[start..].chars().take(SNIPPET).collect();
    let end = piece.chars().count();
    // A match may reach beyond the piece.
    let longest = query.needles().map(<[u8]>::len).max().unwrap_or(0);
    let around: String = text[start..].chars().take(SNIPPET + longest).collect();
    let places = query.places(&around).into_iter().filter(|place| place.start < end);
    (piece, places.map(|place| (place.start, place.end.min(end))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_holds_the_match_and_says_where() {
        let text = format!("{} the Refund policy of {}", "x ".repeat(300), "y ".repeat(300));
        let (piece, marks) = snippet(&text, &TextQuery::new(&["refund policy".into()]));
        let (start, end) = marks[0];
        let marked: String = piece.chars().skip(start).take(end - start).collect();
        assert_eq!(marked, "Refund policy");
        assert_eq!(piece.chars().count(), SNIPPET);
    }

    #[test]
    fn a_match_that_reaches_beyond_the_snippet_is_marked_to_its_end() {
        let phrase = "long phrase ".repeat(40);
        let (piece, marks) = snippet(&format!("so {phrase}"), &TextQuery::new(&[phrase.as_str().into()]));
        assert_eq!((piece.chars().count(), marks), (SNIPPET, vec![(3, SNIPPET)]));
    }

    #[test]
    fn text_without_a_match_shows_its_beginning() {
        assert_eq!(snippet("äöü", &TextQuery::new(&["zz".into()])), ("äöü".into(), vec![]));
    }
}
