//! `GET /v1/search`: messages, tool arguments and results, errors; each hit with its runs, turns and steps.

use super::problem::Problem;
use crate::state::App;
use axum::{
    Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use turnscope_model::Purpose;
use turnscope_store::query;

/// What is searched for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct SearchQuery {
    /// Words, all of which must stand in one message; `"a phrase"` in quotes; `begin*` for a beginning.
    q: String,
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What was found, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SearchReply {
    hits: Vec<Hit>,
    next_cursor: Option<String>,
    /// Messages that the index has not reached yet.
    search_lag: u64,
}

/// One message, argument, result or error that holds what was searched for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Hit {
    /// Content hash: a message's `id`.
    id: String,
    /// `input`, `output`, `system`, `arguments`, `result` or `error`.
    purpose: &'static str,
    /// A piece of the text around the first match.
    snippet: String,
    /// Where in the snippet the matches are: pairs of start and end, counted in characters.
    highlights: Vec<(usize, usize)>,
    /// Where runs met it first, newest first, 20 at most.
    places: Vec<Place>,
}

/// Where a run met it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Place {
    run_id: String,
    run_name: String,
    turn: Option<u64>,
    step_id: String,
    step_name: String,
    started_at: i64,
}

/// Characters of a snippet.
const SNIPPET: usize = 240;

/// Searches messages, tool arguments and results, and errors.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchReply>, Problem> {
    let now = app.moment().now_ms;
    let parsed = query::parse(&query.q, now)?;
    if parsed.search.is_empty() || !parsed.conditions.is_empty() {
        return Err(Problem::bad_request("q must hold words to search for, and nothing else")
            .detail("to filter runs by content and more, ask GET /v1/runs?q="));
    }
    let limit = query.limit.unwrap_or(20).clamp(1, 200);
    let before = match &query.cursor {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::bad_request("the cursor is none of ours").detail("pass next_cursor of the page before")
        })?),
    };
    let words = parsed.search.clone();
    let hits = app.ask(move |reader| reader.search(&words, limit, before)).await?;
    let next_cursor = hits.last().filter(|_| hits.len() == limit as usize).map(|hit| hit.id.to_string());
    Ok(Json(SearchReply {
        hits: hits.iter().map(|hit| to_wire(hit, &parsed.search)).collect(),
        next_cursor,
        search_lag: app.store.counters().index_lag,
    }))
}

fn to_wire(hit: &query::Hit, words: &[String]) -> Hit {
    let text = turnscope_otlp::messages::item_text(hit.form, hit.purpose, &hit.bytes);
    let (snippet, highlights) = snippet(&text, words);
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
        },
        snippet,
        highlights,
        places: hit
            .places
            .iter()
            .map(|place| Place {
                run_id: place.run_id.to_string(),
                run_name: place.run_name.clone(),
                turn: place.turn,
                step_id: place.step_id.to_string(),
                step_name: place.step_name.clone(),
                started_at: (place.start / 1_000_000) as i64,
            })
            .collect(),
    }
}

/// A piece of the text around the first match, and where in it the matches are.
fn snippet(text: &str, words: &[String]) -> (String, Vec<(usize, usize)>) {
    let chars: Vec<char> = text.chars().collect();
    let folded: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let needles: Vec<Vec<char>> = words
        .iter()
        .map(|word| word.trim_end_matches('*').to_lowercase().chars().collect::<Vec<char>>())
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
