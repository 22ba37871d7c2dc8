//! The query language of `q=`: `agent:triage cost>0.5 (verdict:deny OR error:*) -tag:test "refund policy"`.
//!
//! `docs/query.md` describes it, with its grammar. Here: the parser, and what values mean. Not here: SQL.

mod condition;
mod error;
mod lexer;
pub mod parameter;
mod parser;
mod plain;
#[cfg(test)]
mod tests;
mod write;

pub use error::QueryError;
pub use plain::plain_text;
pub use write::quoted;

use crate::{Clock, RunFilter};
use error::{Wrong, wrong};

/// Bytes of a query at most.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Values that one question compares with at most.
pub const MAX_VALUES: usize = 1000;
/// Parentheses and negations within each other at most.
const MAX_DEPTH: usize = 32;

/// Parses a query.
pub fn parse(query: &str, clock: &Clock) -> Result<RunFilter, QueryError> {
    if query.len() > MAX_LENGTH {
        let error = wrong(format!("the query is longer than {MAX_LENGTH} bytes"), "ask for less at once");
        return Err(error.at(0, 0));
    }
    let end = query.chars().count();
    let tokens = lexer::tokens(query)?.into_iter().peekable();
    let filter = parser::Parser { tokens, clock, end, depth: 0 }.query()?;
    within_limits(&filter)?;
    Ok(filter)
}

/// Refuses a filter that compares with too many values.
pub fn within_limits(filter: &RunFilter) -> Result<(), QueryError> {
    if filter.size() > MAX_VALUES { Err(too_many().at(0, 0)) } else { Ok(()) }
}

fn too_many() -> Wrong {
    wrong(
        format!("there are more than {MAX_VALUES} values to compare with"),
        "ask for fewer at once, or use a pattern with *",
    )
}
