//! `turnscope search`.

use super::reading::{Reading, query};
use crate::{
    exit::Outcome,
    render::{self, look::Look},
};
use turnscope_api::SearchReply;

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Search {
    /// Words, all of which must stand in one message; `word*` finds beginnings
    #[arg(required = true)]
    words: Vec<String>,
    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[command(flatten)]
    reading: Reading,
}

/// Searches content.
pub(crate) fn search(args: &Search) -> Outcome {
    let client = args.reading.client()?;
    // What the shell took the quotes from is one phrase again.
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
    let look = Look::of_stdout();
    args.reading.show(&client, &path, |reply: &SearchReply| render::search::hits(&look, reply))
}
