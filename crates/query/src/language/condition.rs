//! What a field, an operator and values mean.

use super::{
    error::{QueryError, Wrong, wrong},
    lexer::{Comparison, Value},
};
use crate::{
    AttributeCondition, AttributeTest, Bounds, Clock, Condition, Field, Known, NumberField, Operator,
    Pattern, Phrase, Range, RunFilter, TextField,
    field::{STATUSES, VERDICTS, either},
    range::Decimal,
    time::{self, HOW, HOW_LONG},
};
use turnscope_model::{RunId, RunStatus, TraceId, Verdict};

/// The condition of one term.
pub(super) fn condition(term: &Comparison, clock: &Clock) -> Result<RunFilter, QueryError> {
    let Comparison { name, operator, values } = term;
    let one = |value: &Value, filter: Result<RunFilter, Wrong>| {
        filter.map_err(|error| error.at(value.at, value.length))
    };
    let whole = |error: Wrong| error.at(name.at, name.length);
    if let Some(key) = name.text.strip_prefix("attr.") {
        return attribute(key, *operator, values).map_err(whole);
    }
    if let Some(score) = name.text.strip_prefix("score.") {
        if score.is_empty() {
            return Err(whole(wrong("the name of a score is missing", "write score.NAME>0.5")));
        }
        let figure = |value: &Value| one(value, score_figure(score, *operator, &value.text));
        return Ok(RunFilter::any(values.iter().map(figure).collect::<Result<_, _>>()?));
    }
    let field = match name.text.as_str() {
        "is" | "has" if *operator != Operator::Is => {
            return Err(whole(wrong(format!("{} is not compared", name.text), "write is:root or has:FIELD")));
        }
        "is" => {
            let each = |value: &Value| one(value, is(&value.text));
            return Ok(RunFilter::any(values.iter().map(each).collect::<Result<_, _>>()?));
        }
        "has" => {
            let each = |value: &Value| one(value, has(&value.text));
            return Ok(RunFilter::any(values.iter().map(each).collect::<Result<_, _>>()?));
        }
        known => Field::by_name(known).ok_or_else(|| whole(unknown_field(known)))?,
    };
    if *operator != Operator::Is {
        match field {
            Field::Number(_) | Field::Started => {}
            Field::Score => {
                return Err(whole(wrong("a score is compared by its name", "write score.NAME>0.5")));
            }
            _ => {
                let help = format!("write {}:VALUE", name.text);
                return Err(whole(wrong(format!("{} is not compared as a number", name.text), help)));
            }
        }
    }
    if let Field::Text(field) = field {
        let patterns = values.iter().map(|value| pattern(field, &value.text));
        return Ok(text(field, patterns.collect()));
    }
    let each = |value: &Value| one(value, single(field, *operator, &value.text, clock));
    Ok(RunFilter::any(values.iter().map(each).collect::<Result<_, _>>()?))
}

fn unknown_field(name: &str) -> Wrong {
    let mut known: Vec<&str> = Field::NAMES.iter().map(|(_, names)| names[0]).collect();
    known.extend(["score.NAME", "attr.KEY", "is", "has"]);
    wrong(
        format!("there is no field {name:?}"),
        format!("use {}; to search for this text, put it in quotes", either(&known)),
    )
}

/// The condition of a field that is no text on one value.
pub(super) fn single(
    field: Field,
    operator: Operator,
    value: &str,
    clock: &Clock,
) -> Result<RunFilter, Wrong> {
    Ok(match field {
        Field::Status => choice("status", STATUSES, RunStatus::as_str, value).map(Condition::Status)?.into(),
        Field::Verdict if value == "*" => Condition::Has(Known::Verdict).into(),
        Field::Verdict => choice("verdict", VERDICTS, Verdict::as_str, value).map(Condition::Verdict)?.into(),
        Field::Error => match Pattern::parse(value) {
            any if any.is_any() => Condition::Has(Known::Error).into(),
            pattern => Condition::Error(pattern).into(),
        },
        Field::Score => match Pattern::parse(value) {
            any if any.is_any() => Condition::Has(Known::Score).into(),
            pattern => Condition::Score(pattern).into(),
        },
        Field::TraceId => {
            let id = value.parse::<TraceId>();
            let id = id.map_err(|_| {
                wrong(format!("{value:?} is no trace id"), "a trace id has 32 hexadecimal digits")
            });
            Condition::Trace(id?).into()
        }
        Field::ParentRunId => {
            let id = value.parse::<RunId>();
            let help = "a run id has 32 hexadecimal digits, a hyphen and 16 more; is:root finds runs without a parent";
            Condition::Parent(id.map_err(|_| wrong(format!("{value:?} is no run id"), help))?).into()
        }
        Field::Started => Condition::Number(NumberField::Started, time_range(operator, value, clock)?).into(),
        Field::Number(number) if value == "*" && operator == Operator::Is => {
            Condition::Has(Known::Number(number)).into()
        }
        Field::Number(number) => Condition::Number(number, number_range(number, operator, value)?).into(),
        Field::Text(field) => text(field, vec![pattern(field, value)]),
    })
}

/// The condition of a field on several texts.
pub(super) fn text(field: TextField, patterns: Vec<Pattern>) -> RunFilter {
    if patterns.iter().any(Pattern::is_any) {
        return Condition::Has(Known::Text(field)).into();
    }
    Condition::Text(field, patterns).into()
}

/// A value of a field of text: in an id a star is a letter.
pub(super) fn pattern(field: TextField, value: &str) -> Pattern {
    if field.is_id() { Pattern::literal(value) } else { Pattern::parse(value) }
}

fn choice<T: Copy>(
    name: &str,
    known: &[T],
    as_str: impl Fn(T) -> &'static str,
    value: &str,
) -> Result<T, Wrong> {
    known.iter().copied().find(|one| as_str(*one) == value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|one| as_str(*one)).collect();
        wrong(format!("there is no {name} {value:?}"), format!("use {}", either(&words)))
    })
}

fn is(value: &str) -> Result<RunFilter, Wrong> {
    if value == "root" {
        return Ok(RunFilter::roots());
    }
    Err(wrong(format!("there is no is:{value}"), "use is:root: runs that no other run started"))
}

fn has(value: &str) -> Result<RunFilter, Wrong> {
    let known = match Field::by_name(value) {
        Some(Field::Text(field)) => Known::Text(field),
        Some(Field::Number(field)) => Known::Number(field),
        Some(Field::Verdict) => Known::Verdict,
        Some(Field::Error) => Known::Error,
        Some(Field::Score) => Known::Score,
        Some(Field::ParentRunId) => Known::Parent,
        Some(Field::Status | Field::TraceId | Field::Started) | None => {
            let names = Field::NAMES
                .iter()
                .filter(|(field, _)| !matches!(field, Field::Status | Field::TraceId | Field::Started));
            let names: Vec<&str> = names.map(|(_, names)| names[0]).collect();
            return Err(wrong(format!("there is no has:{value}"), format!("use {}", either(&names))));
        }
    };
    Ok(Condition::Has(known).into())
}

/// `A..B`, with either left out; `None` where the value is no range.
fn ends(value: &str) -> Option<(&str, &str)> {
    value.split_once("..").filter(|(first, last)| !(first.is_empty() && last.is_empty()))
}

/// A value, or what lies from one value to another, compared.
fn range(
    operator: Operator,
    value: &str,
    read: impl Fn(&str) -> Result<Range, Wrong>,
) -> Result<Range, Wrong> {
    let Some((first, last)) = ends(value) else { return Ok(read(value)?.compared(operator)) };
    if operator != Operator::Is {
        return Err(wrong("a range is not compared", "write it behind a colon"));
    }
    let first = if first.is_empty() { i64::MIN } else { read(first)?.first };
    let last = if last.is_empty() { i64::MAX } else { read(last)?.last };
    if first > last {
        return Err(wrong(
            format!("the range {value} ends before it begins"),
            "write the earlier or smaller end first",
        ));
    }
    Ok(Range { first, last })
}

/// When runs began.
pub(super) fn time_range(operator: Operator, value: &str, clock: &Clock) -> Result<Range, Wrong> {
    range(operator, value, |text| {
        time::period(text, clock).ok_or_else(|| wrong(format!("{text:?} is no time"), HOW))
    })
}

/// Numbers of a field, in its unit.
pub(super) fn number_range(field: NumberField, operator: Operator, value: &str) -> Result<Range, Wrong> {
    range(operator, value, |text| {
        let (number, help) = match field {
            NumberField::Duration => (time::duration(text), HOW_LONG),
            NumberField::Cost => {
                let number = Decimal::parse(text.strip_prefix('$').unwrap_or(text));
                (
                    number.and_then(|dollars| dollars.times(1, 9)).map(Decimal::whole),
                    "write US dollars: 0.25 or $3",
                )
            }
            _ => (count(text), "write a number: 5, 2k or 1.5M"),
        };
        let name = Field::Number(field).name();
        number.ok_or_else(|| wrong(format!("{text:?} is no number for {name}"), help))
    })
}

fn count(text: &str) -> Option<Range> {
    let (digits, power) = match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(digits), _) => (digits, 3),
        (_, Some(digits)) => (digits, 6),
        _ => (text, 0),
    };
    Some(Decimal::parse(digits)?.times(1, power)?.whole())
}

/// A score's figure.
pub(super) fn score_figure(name: &str, operator: Operator, value: &str) -> Result<RunFilter, Wrong> {
    let bounds = Bounds::parse(operator, value).ok_or_else(|| {
        wrong(format!("{value:?} is no number"), "write one, such as 0.5; score:LABEL finds a label")
    })?;
    Ok(Condition::ScoreFigure(name.to_owned(), bounds).into())
}

/// An attribute and its values.
fn attribute(key: &str, operator: Operator, values: &[Value]) -> Result<RunFilter, Wrong> {
    if key.is_empty() {
        return Err(wrong("the key of an attribute is missing", "write attr.KEY:VALUE"));
    }
    let test = if operator == Operator::Is {
        one_of(values.iter().map(|value| Pattern::parse(&value.text)).collect())
    } else {
        let value = values.first().map_or("", |value| value.text.as_str());
        let bounds = Bounds::parse(operator, value).ok_or_else(|| {
            wrong(format!("{value:?} is no number"), "write attr.KEY:VALUE to compare with a text")
        })?;
        AttributeTest::Between(bounds)
    };
    Ok(Condition::Attribute(AttributeCondition { key: key.to_owned(), test }).into())
}

pub(super) fn one_of(patterns: Vec<Pattern>) -> AttributeTest {
    if patterns.iter().any(Pattern::is_any) { AttributeTest::Any } else { AttributeTest::OneOf(patterns) }
}

/// A word or phrase to search for. Any piece of a word is found, so stars at its end ask for nothing more.
pub(super) fn phrase(text: &str) -> Result<Phrase, Wrong> {
    let words = text.trim_end_matches('*');
    literal(if words.trim().is_empty() { text } else { words })
}

/// A word or phrase to search for, as it is written.
pub(super) fn literal(text: &str) -> Result<Phrase, Wrong> {
    if text.trim().is_empty() {
        return Err(wrong("there is nothing to search for", "write a word, or leave the quotes out"));
    }
    if text.contains('\0') {
        return Err(wrong("a searched word holds a NUL character", "search for the words beside it"));
    }
    Ok(text.trim().into())
}
