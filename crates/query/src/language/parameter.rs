//! Values of a filter outside a query: as a parameter of a request has them. They mean what they mean in a query.

use super::{
    MAX_VALUES,
    condition::{one_of, pattern, score_figure, single, text, time_range},
    error::{QueryError, Wrong, wrong},
    plain::plain_text,
};
use crate::{
    AttributeCondition, Clock, Condition, Field, NumberField, Operator, Pattern, RunFilter, TextField,
};

/// What `name=value` asks for: several values are separated by commas.
///
/// A value of text may be what `/v1/values` gives: so a comma before a space separates nothing, quotes inside a value are
/// letters, and the whole text is one of the values that are looked for. An id is the whole text.
pub fn parameter(field: Field, value: &str, clock: &Clock) -> Result<RunFilter, QueryError> {
    let filter = match field {
        Field::Text(id) if id.is_id() => text(id, vec![pattern(id, &unquoted(value))]),
        Field::Text(name) => text(name, patterns(name, value)),
        other => {
            let each = separated(value).into_iter().map(|value| single(other, Operator::Is, &value, clock));
            RunFilter::any(each.collect::<Result<_, _>>().map_err(whole(value))?)
        }
    };
    check(filter, value)
}

/// What `name=value` asks for, where the value is the least, or the first time.
pub fn at_least(field: Field, value: &str, clock: &Clock) -> Result<RunFilter, QueryError> {
    single(field, Operator::AtLeast, value, clock).map_err(whole(value))
}

/// Runs that began before a time.
pub fn started_before(value: &str, clock: &Clock) -> Result<RunFilter, QueryError> {
    let range = time_range(Operator::LessThan, value, clock).map_err(whole(value))?;
    Ok(Condition::Number(NumberField::Started, range).into())
}

/// Names and labels of scores, of which one must be there, and bounds such as `helpful>=0.5`, which must all hold.
pub fn scores(value: &str, clock: &Clock) -> Result<RunFilter, QueryError> {
    let (bounds, names): (Vec<String>, Vec<String>) =
        separated(value).into_iter().partition(|score| score.contains(['<', '>']));
    let mut filter = RunFilter::default();
    if !names.is_empty() {
        let each = names.iter().map(|name| single(Field::Score, Operator::Is, name, clock));
        filter = filter.and(RunFilter::any(each.collect::<Result<_, _>>().map_err(whole(value))?));
    }
    for bound in &bounds {
        filter = filter.and(score_bound(bound).map_err(whole(value))?);
    }
    check(filter, value)
}

fn score_bound(text: &str) -> Result<RunFilter, Wrong> {
    let (name, rest) = text.split_at(text.find(['<', '>']).unwrap_or(text.len()));
    let (operator, number) = match (rest.strip_prefix(">="), rest.strip_prefix("<=")) {
        (Some(number), _) => (Operator::AtLeast, number),
        (_, Some(number)) => (Operator::AtMost, number),
        _ if rest.starts_with('>') => (Operator::MoreThan, &rest[1..]),
        _ => (Operator::LessThan, rest.get(1..).unwrap_or("")),
    };
    if name.is_empty() {
        return Err(wrong("the name of a score is missing", "write NAME>=0.5"));
    }
    score_figure(name, operator, number)
}

/// The words and phrases of a plain text, all of which one message must hold.
pub fn words(value: &str) -> Result<RunFilter, QueryError> {
    Ok(Condition::Content(plain_text(value)?).into())
}

/// `attr.KEY=VALUE`.
pub fn attribute(key: &str, value: &str) -> Result<RunFilter, QueryError> {
    if key.is_empty() {
        return Err(whole("")(wrong("the key of an attribute is missing", "write attr.KEY=VALUE")));
    }
    let mut values: Vec<Pattern> = separated(value).iter().map(|value| Pattern::parse(value)).collect();
    add_whole(&mut values, value);
    let condition = AttributeCondition { key: key.to_owned(), test: one_of(values) };
    check(Condition::Attribute(condition).into(), value)
}

fn patterns(field: TextField, value: &str) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = separated(value).iter().map(|value| pattern(field, value)).collect();
    add_whole(&mut patterns, value);
    patterns
}

/// The text as it is, where it was read otherwise.
fn add_whole(patterns: &mut Vec<Pattern>, value: &str) {
    let whole = Pattern::literal(value);
    if value.contains([',', '"']) && !patterns.contains(&whole) {
        patterns.push(whole);
    }
}

/// Splits at commas outside quotes that no space follows.
fn separated(value: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = value;
    loop {
        let (one, after) = in_quotes(rest).unwrap_or_else(|| {
            let mut commas = rest.match_indices(',').map(|(at, _)| at);
            let end =
                commas.find(|at| !rest[at + 1..].starts_with(char::is_whitespace)).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        });
        values.push(one);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return values,
        }
    }
}

/// What stands in quotes at the beginning of a text, and what comes after: a comma or nothing.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut rest = text.strip_prefix('"')?;
    loop {
        let at = rest.find('"')?;
        inside.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                inside.push('"');
                rest = after;
            }
            None => return (rest.is_empty() || rest.starts_with(',')).then_some((inside, rest)),
        }
    }
}

fn unquoted(value: &str) -> String {
    match in_quotes(value) {
        Some((inside, "")) => inside,
        _ => value.to_owned(),
    }
}

/// The whole value is at fault.
fn whole(value: &str) -> impl Fn(Wrong) -> QueryError {
    let length = value.chars().count();
    move |error| error.at(0, length)
}

fn check(filter: RunFilter, value: &str) -> Result<RunFilter, QueryError> {
    if filter.size() > MAX_VALUES {
        return Err(whole(value)(super::too_many()));
    }
    Ok(filter)
}
