//! Filters of runs: conditions, and how they are combined.

use crate::{Bounds, Decimal, NumberField, Operator, Pattern, Range, TextField};
use turnscope_model::{RunId, RunStatus, TraceId, Verdict};

/// Which runs are asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum RunFilter {
    /// Those for which all of these hold; every run when there are none.
    All(Vec<RunFilter>),
    /// Those for which one of these holds at least.
    Any(Vec<RunFilter>),
    /// Those for which this does not hold.
    Not(Box<RunFilter>),
    /// Those that meet a condition.
    Is(Condition),
}

/// One condition. Of several values one is enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Where the run stands.
    Status(RunStatus),
    /// At least one such verdict.
    Verdict(Verdict),
    /// One of the field's texts matches one of these.
    Text(TextField, Vec<Pattern>),
    /// A number lies in this range; unknown ones lie in none.
    Number(NumberField, Range),
    /// The type or the text of the error holds a match of this, upper and lower case being the same.
    Error(Pattern),
    /// A score with this name or label.
    Score(Pattern),
    /// A score of exactly this name, with a figure between these bounds.
    ScoreFigure(String, Bounds),
    /// It lies in this trace.
    Trace(TraceId),
    /// It was started by this run.
    Parent(RunId),
    /// Something is known.
    Has(Known),
    /// One message, argument, result or error holds all of these.
    Content(Vec<Phrase>),
    /// An attribute of the root's span or of its resource. A store cannot tell: whoever asks one looks through what it
    /// gives.
    Attribute(AttributeCondition),
    /// It is one of these runs.
    Runs(Vec<RunId>),
}

/// What may be known of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A value of a field.
    Text(TextField),
    /// A number.
    Number(NumberField),
    /// A verdict.
    Verdict,
    /// A failed step.
    Error,
    /// A score.
    Score,
    /// A run above it.
    Parent,
    /// A run above it that is in the same session.
    ParentInSession,
}

/// A word or a phrase that content is searched for. [`crate::TextQuery`] says what holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// What a text must hold.
    pub text: String,
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned() }
    }
}

/// An attribute, and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeCondition {
    /// Its key.
    pub key: String,
    /// What its value, or an item of its value, must be.
    pub test: AttributeTest,
}

/// What an attribute's value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeTest {
    /// Anything.
    Any,
    /// One of these: texts match as patterns, numbers are compared as numbers.
    OneOf(Vec<Pattern>),
    /// A number between these bounds.
    Between(Bounds),
}

impl Default for RunFilter {
    /// Every run.
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl From<Condition> for RunFilter {
    fn from(condition: Condition) -> Self {
        Self::Is(condition)
    }
}

impl RunFilter {
    /// Runs whose field is exactly this.
    pub fn text(field: TextField, value: impl Into<String>) -> Self {
        Condition::Text(field, vec![Pattern::literal(value)]).into()
    }

    /// Runs whose number is this or more.
    pub const fn at_least(field: NumberField, first: i64) -> Self {
        Self::Is(Condition::Number(field, Range::from(first)))
    }

    /// Runs that no run started.
    pub fn roots() -> Self {
        Self::Not(Box::new(Condition::Has(Known::Parent).into()))
    }

    /// Runs whose content holds this word.
    pub fn word(text: &str) -> Self {
        Condition::Content(vec![text.into()]).into()
    }

    /// Runs for which this and `other` hold.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        match (self, other.into()) {
            (Self::All(mut all), Self::All(others)) => {
                all.extend(others);
                Self::All(all)
            }
            (Self::All(mut all), other) => {
                all.push(other);
                Self::All(all)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }

    /// Whether no run can match.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Any(filters) if filters.is_empty())
    }

    /// One of these, or the one that there is.
    pub(crate) fn any(mut filters: Vec<Self>) -> Self {
        if filters.len() == 1 { filters.remove(0) } else { Self::Any(filters) }
    }

    /// How many values it compares with.
    pub fn size(&self) -> usize {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().map(Self::size).sum(),
            Self::Not(filter) => filter.size(),
            Self::Is(condition) => match condition {
                Condition::Text(_, values) => values.len(),
                Condition::Content(phrases) => phrases.len(),
                Condition::Attribute(AttributeCondition { test: AttributeTest::OneOf(values), .. }) => {
                    values.len()
                }
                _ => 1,
            },
        }
    }

    /// Every condition on an attribute in it.
    pub fn attributes(&self) -> Vec<&AttributeCondition> {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().flat_map(Self::attributes).collect(),
            Self::Not(filter) => filter.attributes(),
            Self::Is(Condition::Attribute(attribute)) => vec![attribute],
            Self::Is(_) => Vec::new(),
        }
    }

    /// Whether it asks for words in contents.
    pub fn has_texts(&self) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(Self::has_texts),
            Self::Not(filter) => filter.has_texts(),
            Self::Is(condition) => matches!(condition, Condition::Content(_)),
        }
    }

    /// The filter once it is known which conditions on attributes hold. Where `holds` does not know, the filter lets
    /// through what it may let through.
    #[must_use]
    pub fn resolved(&self, holds: &impl Fn(&AttributeCondition) -> Option<bool>) -> Self {
        self.resolved_as(true, holds)
    }

    fn resolved_as(&self, unknown: bool, holds: &impl Fn(&AttributeCondition) -> Option<bool>) -> Self {
        let (every, none) = (Self::All(Vec::new()), Self::Any(Vec::new()));
        let each = |filters: &[Self], but: &Self| -> Vec<Self> {
            let resolved = filters.iter().map(|one| one.resolved_as(unknown, holds));
            resolved.filter(|one| one != but).collect()
        };
        match self {
            Self::All(filters) => match each(filters, &every) {
                left if left.contains(&none) => none,
                left => Self::All(left),
            },
            Self::Any(filters) => match each(filters, &none) {
                left if left.contains(&every) => every,
                left => Self::Any(left),
            },
            Self::Not(filter) => match filter.resolved_as(!unknown, holds) {
                inner if inner == every => none,
                inner if inner == none => every,
                inner => Self::Not(Box::new(inner)),
            },
            Self::Is(Condition::Attribute(attribute)) => {
                if holds(attribute).unwrap_or(unknown) {
                    every
                } else {
                    none
                }
            }
            Self::Is(_) => self.clone(),
        }
    }
}

impl Pattern {
    /// Whether it writes the number `n`, however it writes it.
    pub fn is_integer(&self, n: i64) -> bool {
        let written = self.as_literal().and_then(Decimal::parse);
        written.map(Decimal::whole).is_some_and(|range| range.first == n && range.last == n)
    }

    /// Whether it writes the number `n`, however it writes it.
    #[expect(clippy::float_cmp, reason = "two ways of writing one number give one float")]
    pub fn is_float(&self, n: f64) -> bool {
        let is_number = |text: &&str| Decimal::parse(text).is_some();
        self.as_literal()
            .filter(is_number)
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(|written| written == n)
    }
}

impl Bounds {
    /// Reads a number to compare with; `None` where it is none.
    pub(crate) fn parse(operator: Operator, text: &str) -> Option<Self> {
        Decimal::parse(text)?;
        text.parse().ok().filter(|value: &f64| value.is_finite()).map(|value| Self::of(operator, value))
    }
}

/// The time at which a question is asked, and what a run's status depends on besides.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now, in milliseconds since the epoch.
    pub now_ms: i64,
    /// A run without an end counts as incomplete when nothing came for longer than this, in milliseconds.
    pub inactivity_ms: i64,
}
