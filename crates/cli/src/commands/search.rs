//! `turnscope search`.

use super::reading::{Reading, query};
use crate::{
    exit::Outcome,
    render::{self, terminal_style::TerminalStyle},
};
use turnscope_api::SearchReply;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Search {
    /// Words that must all occur in one message; `word*` matches prefixes
    #[arg(required = true)]
    words: Vec<String>,
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
            if word.contains(char::is_whitespace) && !word.contains('"') && args.words.len() > 1 {
                format!("\"{word}\"")
            } else {
                word.clone()
            }
        })
        .collect();
    let path = format!(
        "/v1/search{}",
        query(&[("q", Some(words.join(" "))), ("limit", Some(args.limit.to_string()))])
    );
    let style = TerminalStyle::for_stdout();
    args.reading.show(&client, &path, |reply: &SearchReply| render::search::hits(&style, reply))
}
