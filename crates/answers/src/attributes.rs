//! Filters by attributes: any attribute of a run's root span or of its resource.
//!
//! Attributes are not indexed: the runs that the rest of the filter may leave are looked through, in the order of the
//! list, up to a bound.

use crate::{AnswerError, Result, json};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::ResourceSpans,
};
use std::collections::{HashMap, HashSet};
use turnscope_model::{RecordId, RunId, SpanId, TraceId};
use turnscope_otlp::cut;
use turnscope_query::{
    AttributeCondition, AttributeTest, Condition, ListedRun, Moment, Pattern, RunFilter, RunPage,
    RunPageQuery,
};
use turnscope_store::{Reader, StoredBody};

/// Runs looked through for one page.
const LOOKED_THROUGH: usize = 20_000;
/// Runs read at once.
const AT_ONCE: u32 = 200;

/// One page of the runs that match a filter. With conditions on attributes the total is not known.
pub(crate) fn page(
    reader: &mut dyn Reader,
    filter: &RunFilter,
    wanted: &RunPageQuery,
    moment: Moment,
) -> Result<RunPage> {
    if filter.attributes().is_empty() {
        return Ok(reader.runs(filter, wanted, moment)?);
    }
    let candidates = filter.resolved(&|_| None);
    let mut at = RunPageQuery { limit: AT_ONCE, offset: 0, ..wanted.clone() };
    let mut skip = wanted.offset;
    let mut found = RunPage::default();
    let mut looked = 0;
    loop {
        let step = reader.runs(&candidates, &at, moment)?;
        found.unreadable.extend(step.unreadable);
        let matching = matching(reader, &step.runs, filter, &candidates, moment)?;
        for run in step.runs {
            looked += 1;
            if !matching.contains(&run.run.run_id) {
                if looked >= LOOKED_THROUGH {
                    found.next = Some(run.cursor);
                    return Ok(found);
                }
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.next = Some(run.cursor.clone());
            found.runs.push(run);
            if found.runs.len() == wanted.limit as usize {
                return Ok(found);
            }
        }
        found.next = None;
        match step.next {
            Some(next) => at.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// The filter without its conditions on attributes: where it has some, the runs that match it.
///
/// # Errors
/// More runs than can be looked through are left by the rest of the filter.
pub(crate) fn resolved(reader: &mut dyn Reader, filter: &RunFilter, moment: Moment) -> Result<RunFilter> {
    if filter.attributes().is_empty() {
        return Ok(filter.clone());
    }
    let candidates = filter.resolved(&|_| None);
    let mut at = RunPageQuery { limit: AT_ONCE, ..RunPageQuery::default() };
    let (mut found, mut looked) = (Vec::new(), 0);
    loop {
        let page = reader.runs(&candidates, &at, moment)?;
        looked += page.runs.len();
        if looked > LOOKED_THROUGH {
            return Err(AnswerError::bad_request(
                format!("figures by attributes are of {LOOKED_THROUGH} runs at most, and there are more"),
                "add conditions that leave fewer runs to look through, such as started>7d or service:NAME",
            ));
        }
        found.extend(matching(reader, &page.runs, filter, &candidates, moment)?);
        match page.next {
            Some(next) => at.after = Some(next),
            None => return Ok(Condition::Runs(found).into()),
        }
    }
}

/// Which of these candidates match the filter, once their attributes are known.
fn matching(
    reader: &mut dyn Reader,
    runs: &[ListedRun],
    filter: &RunFilter,
    candidates: &RunFilter,
    moment: Moment,
) -> Result<HashSet<RunId>> {
    let asked = filter.attributes();
    let mut by_answers: HashMap<Vec<bool>, Vec<RunId>> = HashMap::new();
    for (run, answers) in runs.iter().zip(answers(reader, runs, &asked)?) {
        by_answers.entry(answers).or_default().push(run.run.run_id);
    }
    let mut matching = HashSet::new();
    for (answers, ids) in by_answers {
        let holds = |one: &AttributeCondition| {
            asked.iter().zip(&answers).find(|(asked, _)| **asked == one).map(|(_, holds)| *holds)
        };
        let known = filter.resolved(&holds);
        if known == *candidates {
            matching.extend(ids);
        } else if !known.is_none() {
            let all = RunPageQuery { limit: AT_ONCE, ..RunPageQuery::default() };
            let left = RunFilter::from(Condition::Runs(ids)).and(known);
            matching.extend(reader.runs(&left, &all, moment)?.runs.iter().map(|listed| listed.run.run_id));
        }
    }
    Ok(matching)
}

/// For each of these runs, which of the conditions hold of its root span and its resource.
fn answers(
    reader: &mut dyn Reader,
    runs: &[ListedRun],
    asked: &[&AttributeCondition],
) -> Result<Vec<Vec<bool>>> {
    let roots: Vec<Option<(TraceId, SpanId)>> =
        runs.iter().map(|listed| listed.run.trace_id.zip(listed.run.span_id)).collect();
    let spans: Vec<(TraceId, SpanId)> = roots.iter().flatten().copied().collect();
    let mut records = reader.spans(&spans)?.into_iter();
    let records: Vec<Option<RecordId>> =
        roots.iter().map(|root| root.and_then(|_| records.next().flatten())).collect();
    let known: Vec<RecordId> = records.iter().flatten().copied().collect();
    let mut bodies = reader.bodies(&known)?.into_iter();
    let mut answers = Vec::with_capacity(runs.len());
    for record in records {
        let body = record.and_then(|_| bodies.next());
        answers.push(match body {
            Some(Ok(body)) => hold(&body, asked)?,
            Some(Err(_)) | None => vec![false; asked.len()],
        });
    }
    Ok(answers)
}

fn hold(stored: &StoredBody, asked: &[&AttributeCondition]) -> Result<Vec<bool>> {
    // Only attributes are looked at: ids and times may be anything.
    let span = cut::restore_span(&stored.body, &cut::Header::default()).map_err(AnswerError::damaged)?;
    let origin: ResourceSpans = prost::Message::decode(&stored.origin[..]).unwrap_or_default();
    let resource = origin.resource.unwrap_or_default();
    let has = |attributes: &[KeyValue], asked: &AttributeCondition| {
        attributes.iter().any(|kv| {
            kv.key == asked.key && kv.value.as_ref().is_some_and(|value| passes(value, &asked.test))
        })
    };
    Ok(asked.iter().map(|asked| has(&span.attributes, asked) || has(&resource.attributes, asked)).collect())
}

/// Whether a value, or an item of an array, passes a test.
#[expect(clippy::cast_precision_loss, reason = "a bound has no more digits than a float")]
fn passes(value: &AnyValue, test: &AttributeTest) -> bool {
    if let Some(Value::ArrayValue(array)) = &value.value
        && array.values.iter().any(|item| passes(item, test))
    {
        return true;
    }
    match test {
        AttributeTest::Any => true,
        AttributeTest::OneOf(patterns) => patterns.iter().any(|pattern| is(value, pattern)),
        AttributeTest::Between(bounds) => match &value.value {
            Some(Value::IntValue(n)) => bounds.hold(*n as f64),
            Some(Value::DoubleValue(n)) => bounds.hold(*n),
            _ => false,
        },
    }
}

/// Numbers are compared as numbers, texts as texts, and everything else by its JSON text.
fn is(value: &AnyValue, pattern: &Pattern) -> bool {
    match &value.value {
        Some(Value::IntValue(n)) if pattern.is_integer(*n) => true,
        Some(Value::DoubleValue(n)) if pattern.is_float(*n) => true,
        _ => pattern.matches(&json::text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::ArrayValue;
    use turnscope_query::{Bounds, Operator};

    fn value(value: Value) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    #[test]
    fn numbers_compare_as_numbers_and_arrays_by_their_items() {
        let text = |text: &str| value(Value::StringValue(text.to_owned()));
        let int = |n| value(Value::IntValue(n));
        let float = |n| value(Value::DoubleValue(n));
        let array = |values| value(Value::ArrayValue(ArrayValue { values }));
        for (value, asked, matches) in [
            (int(5), "5", true),
            (int(5), "5.0", true),
            (int(5), "5.1", false),
            (int(9_007_199_254_740_993), "9007199254740993", true),
            (int(9_007_199_254_740_993), "9007199254740992", false),
            (float(5.0), "5", true),
            (float(1e21), "1e21", true),
            (float(1e21), "1000000000000000000000", true),
            (float(0.1), "0.10", true),
            (float(f64::NAN), "5", false),
            (text("5"), "5", true),
            (text("5"), "5.0", false),
            (text("prod-eu"), "prod-*", true),
            (value(Value::BoolValue(true)), "true", true),
            (value(Value::BoolValue(true)), "false", false),
            (array(vec![text("a"), int(7)]), "a", true),
            (array(vec![text("a"), int(7)]), "7.0", true),
            (array(vec![text("a"), int(7)]), "8", false),
            (array(vec![text("a"), int(7)]), r#"["a",7]"#, true),
        ] {
            let test = AttributeTest::OneOf(vec![Pattern::parse(asked)]);
            assert_eq!(passes(&value, &test), matches, "{value:?} {asked}");
        }
        let above = AttributeTest::Between(Bounds::of(Operator::MoreThan, 5.0));
        assert!(passes(&int(6), &above) && passes(&array(vec![float(5.5)]), &above));
        assert!(!passes(&int(5), &above) && !passes(&text("6"), &above));
    }
}
