//! `turnscope search`.

use super::reading::{Reading, query};
use crate::{
    exit::{Failure, Outcome},
    render::{self, terminal_style::TerminalStyle},
};
use turnscope_api::SearchReply;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Search {
    /// Pieces of text that must all occur in one message; symbols count
    #[arg(required = true)]
    words: Vec<String>,
    /// Only in runs that match this query, as in `turnscope runs -q`
    #[arg(short, long, value_name = "QUERY")]
    query: Option<String>,
    /// Maximum number of results
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[command(flatten)]
    reading: Reading,
}

/// Searches content.
pub(crate) fn search(args: &Search) -> Outcome {
    let client = args.reading.client()?;
    // An argument with spaces was quoted in the shell, so treat it as a phrase.
    let words: Vec<String> = args
        .words
        .iter()
        .map(|word| {
            let is_phrase = word.contains(char::is_whitespace) && !word.contains('"') && args.words.len() > 1;
            if is_phrase { format!("\"{word}\"") } else { word.clone() }
        })
        .collect();
    let mut reply = SearchReply::default();
    let mut cursor = None;
    loop {
        let page: SearchReply = client.get(&format!(
            "/v1/search{}",
            query(&[
                ("q", Some(words.join(" "))),
                ("filter", args.query.clone()),
                ("limit", Some((args.limit as usize - reply.hits.len()).to_string())),
                ("cursor", cursor),
            ])
        ))?;
        reply.total = reply.total.or(page.total);
        reply.total_is_exact = reply.total_is_exact.or(page.total_is_exact);
        reply.search_lag = page.search_lag;
        reply.hits.extend(page.hits);
        reply.next_cursor.clone_from(&page.next_cursor);
        cursor = page.next_cursor;
        // A page may hold fewer hits than were asked for and not be the last.
        if cursor.is_none() || reply.hits.len() >= args.limit as usize {
            break;
        }
    }
    if args.reading.json {
        let reply = serde_json::to_value(&reply).map_err(|error| Failure::failed(error.to_string()))?;
        return crate::output::json(&reply);
    }
    let style = TerminalStyle::for_stdout();
    crate::output::print(&render::search::hits(&style, &reply))
}
