//! Search in content: each hit with its runs, turns and steps.

use crate::{Answers, Result, wire::at_ms};
use turnscope_api::{Hit, Occurrence, SearchReply};
use turnscope_model::Purpose;
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

/// A piece of the text around the first match, and where in it the matches are, in characters.
fn snippet(text: &str, query: &TextQuery) -> (String, Vec<(usize, usize)>) {
    let places = query.places(text);
    let first = places.first().map_or(0, |place| place.start);
    let mut start = first.saturating_sub(SNIPPET / 4);
    let before: Vec<char> = text.chars().skip(start).take(first - start).collect();
    // It begins with a whole word where one is near.
    if let Some(space) = before.iter().take(24).position(|c| c.is_whitespace()).filter(|_| start > 0) {
        start += space + 1;
    }
    let piece: String = text.chars().skip(start).take(SNIPPET).collect();
    let end = start + piece.chars().count();
    let highlights = places
        .into_iter()
        .filter(|place| start <= place.start && place.start < end)
        .map(|place| (place.start - start, place.end.min(end) - start));
    (piece, highlights.collect())
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
    fn text_without_a_match_shows_its_beginning() {
        assert_eq!(snippet("äöü", &TextQuery::new(&["zz".into()])), ("äöü".into(), vec![]));
    }
}
