//! Cuts a query into tokens, each with its place.

use super::error::{QueryError, Wrong, wrong};
use crate::Operator;

/// A token and its place in the query, in characters.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
    pub(super) length: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A word or, in quotes, a phrase to search for.
    Word(String),
    /// A field, an operator and values.
    Comparison(Comparison),
}

#[derive(Debug, PartialEq)]
pub(super) struct Comparison {
    pub(super) name: Value,
    pub(super) operator: Operator,
    /// One at least.
    pub(super) values: Vec<Value>,
}

/// A name or a value, and its place. Quotes are taken off; stars are as they were written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) at: usize,
    pub(super) length: usize,
}

pub(super) fn tokens(query: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer { chars: query.chars().collect(), at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_spaces();
        let at = lexer.at;
        let Some(next) = lexer.peek() else { return Ok(tokens) };
        let kind = match next {
            '(' => lexer.take(TokenKind::Open),
            ')' => lexer.take(TokenKind::Close),
            '-' => lexer.minus()?,
            '"' => lexer.phrase()?,
            _ => lexer.word()?,
        };
        tokens.push(Token { kind, at, length: lexer.at - at });
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    /// A negation. A minus by itself may be one with a space too many, or something to search for.
    fn minus(&mut self) -> Result<TokenKind, QueryError> {
        let is_alone = self.chars.get(self.at + 1).is_none_or(|next| next.is_whitespace() || *next == ')');
        if is_alone {
            return Err(self.here(wrong(
                "this minus stands alone",
                "write it directly before what it negates, such as -tag:test; to search for a minus, put it in quotes",
            )));
        }
        Ok(self.take(TokenKind::Not))
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Everything up to white space or one of `ends`.
    fn until(&mut self, ends: &str) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !ends.contains(*c)) {
            text.push(c);
            self.at += 1;
        }
        text
    }

    /// What stands in quotes, which begin here. Two quotes stand for one.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == '"' {
                if self.peek() != Some('"') {
                    return Ok(text);
                }
                self.at += 1;
            }
            text.push(c);
        }
        let error = wrong("a closing quote is missing", "inside quotes, write a quote as two: \"\"");
        Err(error.at(start, 1))
    }

    /// An error at the character that comes next.
    fn here(&self, error: Wrong) -> QueryError {
        error.at(self.at, usize::from(self.at < self.chars.len()))
    }

    /// Nothing may touch the end of what was in quotes.
    fn expect_end(&self, also: &str) -> Result<(), QueryError> {
        match self.peek() {
            Some(c) if !c.is_whitespace() && c != ')' && !also.contains(c) => Err(self.here(wrong(
                format!("{c:?} stands right behind a closing quote"),
                "put a space between them, or everything into the quotes; inside them, write a quote as two: \"\"",
            ))),
            _ => Ok(()),
        }
    }

    fn phrase(&mut self) -> Result<TokenKind, QueryError> {
        let mut text = self.quoted()?;
        if self.peek() == Some('*') {
            self.at += 1;
            text.push('*');
        }
        self.expect_end("")?;
        Ok(TokenKind::Word(text))
    }

    /// A word to search for, an operator, or a field with what it is compared with.
    fn word(&mut self) -> Result<TokenKind, QueryError> {
        let at = self.at;
        let mut text = self.until("()\":<>");
        if self.peek() == Some('"') && matches!(text.as_str(), "attr." | "score.") {
            text.push_str(&self.quoted()?);
        }
        match self.peek() {
            Some(':' | '<' | '>') => {
                if text.is_empty() {
                    return Err(self.here(wrong(
                        "the name of a field is missing",
                        "write NAME:VALUE; to search for this text, put it in quotes",
                    )));
                }
                let name = Value { text, at, length: self.at - at };
                Ok(TokenKind::Comparison(self.comparison(name)?))
            }
            Some('"') => Err(self.here(wrong(
                "a quote stands inside a word",
                "put the whole word in quotes, and write a quote inside them as two: \"\"",
            ))),
            Some('(') => Err(self.here(wrong(
                "a parenthesis stands inside a word",
                "put a space before it, or the whole word in quotes",
            ))),
            _ => Ok(match text.as_str() {
                "AND" => TokenKind::And,
                "OR" => TokenKind::Or,
                "NOT" => TokenKind::Not,
                _ => TokenKind::Word(text),
            }),
        }
    }

    fn comparison(&mut self, name: Value) -> Result<Comparison, QueryError> {
        let sign = self.peek();
        self.at += 1;
        let with_equals = sign != Some(':') && self.peek() == Some('=');
        self.at += usize::from(with_equals);
        let operator = match (sign, with_equals) {
            (Some('>'), false) => Operator::MoreThan,
            (Some('>'), true) => Operator::AtLeast,
            (Some('<'), false) => Operator::LessThan,
            (Some('<'), true) => Operator::AtMost,
            _ => Operator::Is,
        };
        let mut values = vec![self.value(&name)?];
        while self.peek() == Some(',') {
            if operator != Operator::Is {
                return Err(self.here(wrong(
                    "several values stand where one is compared",
                    format!("write {}:A,B for any of them, or one comparison for each", name.text),
                )));
            }
            self.at += 1;
            values.push(self.value(&name)?);
        }
        Ok(Comparison { name, operator, values })
    }

    fn value(&mut self, name: &Value) -> Result<Value, QueryError> {
        let at = self.at;
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            self.expect_end(",")?;
            return Ok(Value { text, at, length: self.at - at });
        }
        let text = self.until("()\",");
        match self.peek() {
            Some('"') => Err(self.here(wrong(
                "a quote stands inside a value",
                "put the whole value in quotes, and write a quote inside them as two: \"\"",
            ))),
            Some('(') => {
                Err(self.here(wrong("a parenthesis stands inside a value", "put the whole value in quotes")))
            }
            _ if text.is_empty() => Err(self.here(wrong(
                format!("a value is missing for {}", name.text),
                "write it directly behind, without a space; \"\" is an empty text",
            ))),
            _ => Ok(Value { text, at, length: self.at - at }),
        }
    }
}
