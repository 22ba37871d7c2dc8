//! The grammar: `OR` binds less than `AND`, which may be left out, and `NOT` or a minus binds most.

use super::{
    MAX_DEPTH,
    condition::{condition, phrase},
    error::{QueryError, wrong},
    lexer::{Token, TokenKind},
};
use crate::{Clock, Condition, Phrase, RunFilter};

pub(super) struct Parser<'a> {
    pub(super) tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    pub(super) clock: &'a Clock,
    /// Where the query ends.
    pub(super) end: usize,
    /// Parentheses and negations around what is read now.
    pub(super) depth: usize,
}

/// What stands between two operators.
enum Operand {
    Filter(RunFilter),
    /// A word to search for, not negated.
    Phrase(Phrase),
}

impl Parser<'_> {
    /// The whole query.
    pub(super) fn query(&mut self) -> Result<RunFilter, QueryError> {
        if self.tokens.peek().is_none() {
            return Ok(RunFilter::default());
        }
        let filter = self.either()?;
        match self.tokens.next() {
            None => Ok(filter),
            Some(token) => Err(wrong("this parenthesis closes nothing", "take it away, or put it in quotes")
                .at(token.at, token.length)),
        }
    }

    fn next_is(&mut self, kind: &TokenKind) -> bool {
        self.tokens.next_if(|token| token.kind == *kind).is_some()
    }

    fn either(&mut self) -> Result<RunFilter, QueryError> {
        let mut filters = vec![self.all()?];
        while self.next_is(&TokenKind::Or) {
            filters.push(self.all()?);
        }
        Ok(RunFilter::any(filters))
    }

    fn all(&mut self) -> Result<RunFilter, QueryError> {
        let (mut filters, mut phrases) = (Vec::new(), Vec::new());
        loop {
            match self.operand()? {
                Operand::Filter(filter) => filters.push(filter),
                // Words side by side are searched for in one message.
                Operand::Phrase(phrase) => phrases.push(phrase),
            }
            if self.next_is(&TokenKind::And) {
                continue;
            }
            let goes_on = |token: &Token| !matches!(token.kind, TokenKind::Or | TokenKind::Close);
            if !self.tokens.peek().is_some_and(goes_on) {
                break;
            }
        }
        if !phrases.is_empty() {
            filters.push(Condition::Content(phrases).into());
        }
        Ok(if filters.len() == 1 { filters.remove(0) } else { RunFilter::All(filters) })
    }

    fn operand(&mut self) -> Result<Operand, QueryError> {
        let Some(token) = self.tokens.next() else {
            let error =
                wrong("the query ends where a condition is expected", "write one, such as status:failed");
            return Err(error.at(self.end, 0));
        };
        Ok(match token.kind {
            TokenKind::Word(text) => {
                Operand::Phrase(phrase(&text).map_err(|error| error.at(token.at, token.length))?)
            }
            TokenKind::Comparison(comparison) => Operand::Filter(condition(&comparison, self.clock)?),
            TokenKind::Not => {
                self.enter(&token)?;
                let negated = match self.operand()? {
                    Operand::Filter(filter) => filter,
                    Operand::Phrase(phrase) => Condition::Content(vec![phrase]).into(),
                };
                self.depth -= 1;
                Operand::Filter(RunFilter::Not(Box::new(negated)))
            }
            TokenKind::Open => {
                self.enter(&token)?;
                let inner = self.either()?;
                self.depth -= 1;
                if !self.next_is(&TokenKind::Close) {
                    return Err(wrong("this parenthesis is never closed", "write ) where it ends")
                        .at(token.at, token.length));
                }
                Operand::Filter(inner)
            }
            TokenKind::And | TokenKind::Or | TokenKind::Close => {
                let error = wrong(
                    "a condition is expected here",
                    "write one, such as status:failed; AND, OR and parentheses in quotes are searched for",
                );
                return Err(error.at(token.at, token.length));
            }
        })
    }

    fn enter(&mut self, token: &Token) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let error = wrong(
            format!("parentheses and negations are nested more than {MAX_DEPTH} deep"),
            "write the query with fewer of them",
        );
        Err(error.at(token.at, token.length))
    }
}
