//! Reads a file of rules, and says what is wrong with it and where.

use super::{
    pattern::Pattern,
    words::{CONTENTS, FACTS, Fact},
};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use toml::Spanned;
use turnscope_model::{Kind, Purpose};

/// The rules of one file.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// The dialects, in the order of the file: the first that recognises a record holds.
    pub dialects: Vec<Dialect>,
    /// What values under these keys are for.
    pub(super) contents: HashMap<String, Purpose>,
}

/// One dialect: how a record of it is recognised, and what its attributes mean.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The name that is shown and filtered by.
    pub name: String,
    recognise: Recognise,
    /// Which records are which kind of step; the first that holds.
    pub kinds: Vec<KindRule>,
    /// Where the facts stand, best first.
    pub facts: Vec<(Fact, Vec<Source>)>,
    /// Under which keys contents stand.
    pub contents: Vec<(Purpose, Vec<String>)>,
}

/// One way of recognising a record: any of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Recognise {
    scope: OneOrMany<Pattern>,
    span: OneOrMany<Pattern>,
    attribute: OneOrMany<Pattern>,
}

/// Which records are of a kind: those that have all of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRule {
    /// The kind.
    pub kind: Kind,
    span: Option<Pattern>,
    attribute: Option<Pattern>,
    value: Option<Pattern>,
}

/// One place where a fact may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The attribute.
    pub key: String,
    /// Where in the JSON that it holds; empty for the attribute itself.
    pub inside: Vec<String>,
    /// On which kind of step it counts; on all without one.
    pub only: Option<Kind>,
    /// The unit of a number.
    pub unit: Unit,
}

/// The unit in which a number is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The usual one of its fact: seconds, US dollars, or a count.
    One,
    /// Thousandths of it.
    Milli,
    /// Millionths of it.
    Micro,
}

impl Unit {
    /// What makes the usual unit of it.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Milli => 1e-3,
            Self::Micro => 1e-6,
        }
    }
}

/// What is wrong with a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct RuleError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, and what is allowed.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    dialect: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    #[serde(default)]
    scope: OneOrMany<Pattern>,
    #[serde(default)]
    span: OneOrMany<Pattern>,
    #[serde(default)]
    attribute: OneOrMany<Pattern>,
    #[serde(default)]
    kind: Vec<Spanned<WrittenKind>>,
    #[serde(default)]
    facts: BTreeMap<Spanned<String>, OneOrMany<Place>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKind {
    is: Spanned<String>,
    span: Option<Pattern>,
    attribute: Option<Pattern>,
    value: Option<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "write one of these, or a list of them in brackets")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "write an attribute's name, or { key = \"…\" } with inside = [\"…\"], only = \"…\", milli = true or micro = true"
)]
enum Place {
    Key(String),
    More(More),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    key: String,
    #[serde(default)]
    inside: Vec<String>,
    only: Option<String>,
    #[serde(default)]
    milli: bool,
    #[serde(default)]
    micro: bool,
}

impl RuleFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let at = |start: usize, message: String| {
            let before = text.get(..start).unwrap_or(text);
            RuleError { line: before.bytes().filter(|byte| *byte == b'\n').count() + 1, message }
        };
        let file: File = toml::from_str(text).map_err(|error| {
            at(error.span().map_or(0, |span| span.start), error.message().trim_end().to_owned())
        })?;
        let mut rules = Self::default();
        for written in file.dialect {
            let start = written.span().start;
            let dialect = dialect(written.into_inner(), start, &at)?;
            for (purpose, keys) in &dialect.contents {
                rules.contents.extend(keys.iter().map(|key| (key.clone(), *purpose)));
            }
            rules.dialects.push(dialect);
        }
        Ok(rules)
    }

    /// The dialect that a record is in.
    pub(crate) fn dialect_of<'a>(
        &self,
        scope: &str,
        span: &str,
        keys: &(impl Iterator<Item = &'a str> + Clone),
    ) -> Option<&Dialect> {
        let any = |patterns: &OneOrMany<Pattern>, text: &str| {
            patterns.as_slice().iter().any(|pattern| pattern.matches(text))
        };
        self.dialects.iter().find(|dialect| {
            let Recognise { scope: scopes, span: spans, attribute } = &dialect.recognise;
            any(scopes, scope)
                || any(spans, span)
                || (!attribute.as_slice().is_empty() && keys.clone().any(|key| any(attribute, key)))
        })
    }
}

impl KindRule {
    /// Whether a record is of this kind, by its name and its attributes as text.
    pub(crate) fn holds(&self, span: &str, attributes: &[(&str, Option<&str>)]) -> bool {
        let is = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        let Some(attribute) = &self.attribute else { return is(&self.span, span) };
        is(&self.span, span)
            && attributes.iter().any(|(key, value)| {
                attribute.matches(key)
                    && self
                        .value
                        .as_ref()
                        .is_none_or(|pattern| value.is_some_and(|value| pattern.matches(value)))
            })
    }
}

type At<'a> = &'a dyn Fn(usize, String) -> RuleError;

fn dialect(written: Written, start: usize, at: At<'_>) -> Result<Dialect, RuleError> {
    let name = written.name;
    if name.get_ref().trim().is_empty() {
        return Err(at(name.span().start, "a dialect needs a name".to_owned()));
    }
    let recognise = Recognise { scope: written.scope, span: written.span, attribute: written.attribute };
    if recognise == Recognise::default() {
        return Err(at(
            start,
            format!(
                "nothing says which records are of {:?}: give scope, span or attribute, each a name in which * \
                 stands for any text, or a list of such names",
                name.get_ref()
            ),
        ));
    }
    let mut kinds = Vec::new();
    for kind in written.kind {
        let start = kind.span().start;
        let WrittenKind { is, span, attribute, value } = kind.into_inner();
        if span.is_none() && attribute.is_none() {
            let message = "nothing says which records are of this kind: give span, attribute or both";
            return Err(at(start, message.to_owned()));
        }
        if value.is_some() && attribute.is_none() {
            return Err(at(start, "a value is an attribute's: give attribute too".to_owned()));
        }
        kinds.push(KindRule { kind: kind_of(is.get_ref(), is.span().start, at)?, span, attribute, value });
    }
    let (mut facts, mut contents) = (Vec::new(), Vec::new());
    for (name, places) in written.facts {
        let start = name.span().start;
        let name = name.into_inner();
        let sources: Vec<Source> =
            places.as_slice().iter().map(|place| source(place, start, at)).collect::<Result<_, _>>()?;
        if let Some((_, purpose)) = CONTENTS.iter().find(|(known, _)| *known == name) {
            if sources
                .iter()
                .any(|source| !source.inside.is_empty() || source.only.is_some() || source.unit != Unit::One)
            {
                let message = format!("{name} takes whole attributes: write their names only");
                return Err(at(start, message));
            }
            contents.push((*purpose, sources.into_iter().map(|source| source.key).collect()));
        } else if let Some(fact) = FACTS.iter().find(|fact| fact.name == name) {
            if !fact.is_number && sources.iter().any(|source| source.unit != Unit::One) {
                return Err(at(start, format!("{name} is no number: milli and micro do not apply")));
            }
            facts.push((*fact, sources));
        } else {
            let known = FACTS.iter().map(|fact| fact.name).chain(CONTENTS.iter().map(|(name, _)| *name));
            let known: Vec<&str> = known.collect();
            return Err(at(start, format!("there is no fact {name:?}; use {}", known.join(", "))));
        }
    }
    Ok(Dialect { name: name.into_inner(), recognise, kinds, facts, contents })
}

fn source(place: &Place, start: usize, at: At<'_>) -> Result<Source, RuleError> {
    let source = match place {
        Place::Key(key) => Source { key: key.clone(), inside: Vec::new(), only: None, unit: Unit::One },
        Place::More(More { milli: true, micro: true, .. }) => {
            return Err(at(start, "a number is in thousandths or in millionths: milli or micro".to_owned()));
        }
        Place::More(more) => Source {
            key: more.key.clone(),
            inside: more.inside.clone(),
            only: more.only.as_deref().map(|only| kind_of(only, start, at)).transpose()?,
            unit: match (more.milli, more.micro) {
                (true, _) => Unit::Milli,
                (_, true) => Unit::Micro,
                _ => Unit::One,
            },
        },
    };
    if source.key.is_empty() {
        return Err(at(start, "an attribute's name is empty".to_owned()));
    }
    Ok(source)
}

fn kind_of(text: &str, start: usize, at: At<'_>) -> Result<Kind, RuleError> {
    text.parse().map_err(|()| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        at(start, format!("there is no kind {text:?}; use {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        RuleFile::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_is_allowed() {
        let start = "[[dialect]]\nname = \"acme\"\nscope = \"acme\"\n";
        let facts = |line: &str| wrong(&format!("{start}[dialect.facts]\n{line}"));
        for (said, parts) in [
            (wrong("[[dialect]]\nname = \"acme\""), ["line 1:", "give scope, span or attribute"]),
            (wrong("[[dialect]]\nscope = \"acme\""), ["line 1:", "missing field `name`"]),
            (wrong(&format!("{start}scopes = 1")), ["line 4:", "expected one of"]),
            (facts("modle = \"a\""), ["line 5:", "there is no fact \"modle\"; use agent_name"]),
            (facts("model = 5"), ["line 5:", "write"]),
            (facts("model = { key = \"a\", milli = true }"), ["line 5:", "is no number"]),
            (
                facts("model = { key = \"a\", only = \"tol\" }"),
                ["line 5:", "there is no kind \"tol\"; use run"],
            ),
            (facts("input_messages = { key = \"a\", inside = [\"b\"] }"), ["line 5:", "whole attributes"]),
            (
                wrong(&format!("{start}[[dialect.kind]]\nis = \"llm\"")),
                ["line 4:", "give span, attribute or both"],
            ),
            (
                wrong(&format!("{start}[[dialect.kind]]\nspan = \"x\"\nis = \"lm\"")),
                ["line 6:", "no kind \"lm\""],
            ),
            (wrong("[[dialect]\n"), ["line 1:", ""]),
        ] {
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    #[test]
    fn an_empty_file_has_no_rules() {
        assert!(RuleFile::parse("# nothing yet\n").unwrap().dialects.is_empty());
    }
}
