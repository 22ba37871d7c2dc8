//! The query language of `q=`: `agent:triage cost>0.5 verdict:deny error:* -tag:test "refund policy"`.
//!
//! Terms are separated by spaces and all must hold. `name:value` compares (`a,b` is either, `*` stands for anything),
//! `name>number` bounds (`>=`, `<`, `<=`; durations take `ms s m h d`, times a date or `-24h`), `score.NAME>0.5` looks at
//! a score, a minus in front negates, anything else is searched for in the content. Pure.

use crate::filter::{Comparison, Condition, Filter, RunFilter};
use time::{
    Date, OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at {term:?})")]
pub struct QueryError {
    /// The term at fault.
    pub term: String,
    /// Where it begins in the query, in characters from 0.
    pub at: usize,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

/// Parses a query; `now_ms` is what relative times start from.
pub fn parse(query: &str, now_ms: i64) -> Result<RunFilter, QueryError> {
    let mut filter = RunFilter::default();
    for term in terms(query)? {
        let (negated, body) = match term.text.strip_prefix('-') {
            Some(rest) if !term.quoted && !rest.is_empty() => (true, rest),
            _ => (false, term.text.as_str()),
        };
        let wrong = |message: String| QueryError { term: term.text.clone(), at: term.at, message };
        let split = if term.quoted { None } else { body.find([':', '>', '<']) };
        let Some(at) = split.filter(|at| *at > 0) else {
            if negated {
                return Err(wrong("only filters can be negated; a searched word cannot".into()));
            }
            filter.search.push(body.to_owned());
            continue;
        };
        let (name, rest) = body.split_at(at);
        let (name, score) = match name.split_once('.') {
            Some(("score", score)) => ("score", score),
            _ => (name, ""),
        };
        if name == "is" && rest == ":root" {
            filter.roots_only = true;
            continue;
        }
        let Some(field) = Filter::by_name(name) else {
            let known: Vec<&str> = Filter::NAMES.iter().map(|(_, names)| names[0]).collect();
            return Err(wrong(format!("unknown filter; known are {}", known.join(", "))));
        };
        let comparison = if let Some(values) = rest.strip_prefix(':') {
            if values.is_empty() {
                return Err(wrong("a value is missing after the colon".into()));
            }
            let values = values.split(',').map(|value| value.trim_matches('"').to_owned());
            if field.is_number() {
                let values = values
                    .map(|value| number(field, &value, now_ms).map(|number| number.to_string()))
                    .collect::<Option<_>>()
                    .ok_or_else(|| wrong(format!("{name} takes a number")))?;
                Comparison::Is(values)
            } else {
                Comparison::Is(values.collect())
            }
        } else {
            if !field.is_number() && score.is_empty() {
                return Err(wrong(format!("{name} is text: compare it with a colon")));
            }
            let (sign, value) = rest.split_at(if rest[1..].starts_with('=') { 2 } else { 1 });
            let value =
                if field == Filter::Score { value.parse().ok() } else { number(field, value, now_ms) };
            let value = value.ok_or_else(|| wrong(format!("a number is missing after {sign}")))?;
            let limit = Some((value, sign.ends_with('=')));
            let (low, high) = if sign.starts_with('>') { (limit, None) } else { (None, limit) };
            Comparison::Bound { name: score.to_owned(), low, high }
        };
        filter.conditions.push(Condition { filter: field, comparison, negated });
    }
    Ok(filter)
}

struct Term {
    text: String,
    quoted: bool,
    /// Where it begins, in characters.
    at: usize,
}

/// Splits at spaces outside quotes.
fn terms(query: &str) -> Result<Vec<Term>, QueryError> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut in_quotes = false;
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in query.chars().enumerate() {
        if text.is_empty() && !in_quotes {
            start = at;
        }
        match c {
            '"' => {
                if text.is_empty() && !in_quotes {
                    quoted = true;
                } else if !quoted {
                    text.push(c); // a quoted value inside a term: name:"a b"
                }
                in_quotes = !in_quotes;
            }
            c if c.is_whitespace() && !in_quotes => {
                if !text.is_empty() {
                    out.push(Term { text: std::mem::take(&mut text), quoted, at: start });
                }
                quoted = false;
            }
            c => text.push(c),
        }
    }
    if in_quotes {
        return Err(QueryError { term: text, at: start, message: "a closing quote is missing".into() });
    }
    if !text.is_empty() {
        out.push(Term { text, quoted, at: start });
    }
    Ok(out)
}

fn number(field: Filter, text: &str, now_ms: i64) -> Option<f64> {
    match field {
        Filter::Duration => duration_ms(text),
        Filter::Started => started_ms(text, now_ms),
        _ => {
            let (digits, factor) = match text.as_bytes().last()? {
                b'k' => (&text[..text.len() - 1], 1e3),
                b'M' => (&text[..text.len() - 1], 1e6),
                _ => (text, 1.0),
            };
            digits.trim_start_matches('$').parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n * factor)
        }
    }
}

fn duration_ms(text: &str) -> Option<f64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let factor = match unit {
        "" | "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        "d" => 86_400e3,
        _ => return None,
    };
    digits.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n * factor)
}

/// A time as milliseconds since the epoch: `-24h` counts back from now, a number is taken as it is, and a date such as
/// `2026-11-21` or `2026-11-21T06:30:00Z` is in UTC unless it names an offset.
fn started_ms(text: &str, now_ms: i64) -> Option<f64> {
    if let Some(ago) = text.strip_prefix('-') {
        return duration_ms(ago).map(|ms| now_ms as f64 - ms);
    }
    if let Ok(ms) = text.parse::<f64>() {
        return Some(ms).filter(|ms| ms.is_finite());
    }
    let at = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let text = text.trim_end_matches('Z');
        let at = PrimitiveDateTime::parse(text, TO_MINUTES_OR_SECONDS).ok();
        at.or_else(|| Date::parse(text, DATE).ok().map(Date::midnight)).map(PrimitiveDateTime::assume_utc)
    })?;
    Some(at.unix_timestamp_nanos() as f64 / 1e6)
}

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const TO_MINUTES_OR_SECONDS: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute][optional [:[second][optional [.[subsecond]]]]]"
);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn the_example_of_the_design_is_understood() {
        let filter =
            parse("agent:triage cost>0.5 verdict:deny error:* \"refund policy\" hello", NOW).unwrap();
        assert_eq!(filter.search, ["refund policy", "hello"]);
        assert_eq!(filter.conditions.len(), 4);
        assert_eq!(filter.conditions[0].comparison, Comparison::Is(vec!["triage".into()]));
        assert_eq!(
            filter.conditions[1].comparison,
            Comparison::Bound { name: String::new(), low: Some((0.5, false)), high: None }
        );
    }

    #[test]
    fn units_dates_and_scores_are_read() {
        let bound = |query: &str| match parse(query, NOW).unwrap().conditions.remove(0).comparison {
            Comparison::Bound { low, high, .. } => low.or(high).unwrap().0,
            Comparison::Is(_) => panic!("no bound"),
        };
        assert!((bound("duration>1.5s") - 1500.0).abs() < 1e-9);
        assert!((bound("tokens>=2k") - 2000.0).abs() < 1e-9);
        assert!((bound("started>2026-11-21") - 1_795_219_200_000.0).abs() < 1e-3);
        assert!((bound("started>2026-11-21T06:30:00Z") - 1_795_242_600_000.0).abs() < 1e-3);
        assert!((bound("started>2026-11-21T06:30") - 1_795_242_600_000.0).abs() < 1e-3);
        assert!((bound("started>2026-11-21T08:30:00+02:00") - 1_795_242_600_000.0).abs() < 1e-3);
        assert!((bound("started>-1h") - (NOW as f64 - 3_600_000.0)).abs() < 1e-3);
        assert!((bound("score.helpful<=0.5") - 0.5).abs() < 1e-9);
    }

    #[test]
    fn lists_negation_and_quoted_values_are_read() {
        let filter = parse("-tag:test,smoke agent:\"my agent\" is:root", NOW).unwrap();
        assert!(filter.conditions[0].negated && filter.roots_only);
        assert_eq!(filter.conditions[0].comparison, Comparison::Is(vec!["test".into(), "smoke".into()]));
        assert_eq!(filter.conditions[1].comparison, Comparison::Is(vec!["my agent".into()]));
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        let message = |query: &str| parse(query, NOW).unwrap_err().to_string();
        assert!(message("agnet:x").contains("known are status, user"));
        assert!(message("cost>lots").contains("number is missing after >"));
        assert!(message("agent>3").contains("compare it with a colon"));
        assert!(message("agent:").contains("value is missing"));
        assert!(message("\"open").contains("closing quote"));
        let at = |query: &str| parse(query, NOW).unwrap_err().at;
        assert_eq!(at("agent:x  nope:1 tag:y"), 9);
        assert_eq!(at("\"süß\" word \"open"), 11);
        assert_eq!(at("cost>lots"), 0);
        for no_date in ["2026-02-31", "2026-13-01", "2026-11-21T25:00", "2026-11-21T06:61:00Z", "21.11.2026"]
        {
            assert!(message(&format!("started>{no_date}")).contains("is missing after >"), "{no_date}");
        }
        assert!(message("-word").contains("only filters can be negated"));
    }
}
