//! A user's own rules, applied to a record: what they find stands under the attributes that the tables know, before all
//! others.
//!
//! Not here: the rules and their file (`crate::own_rules`), messages under keys of one's own (`crate::cut`).

use super::{
    value::RawValue,
    view::{Found, View},
};
use crate::own_rules::{self, Dialect, Fact, Source, Unit};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use turnscope_model::Kind;

/// The attribute that gives a step's kind before all others.
const KIND: &str = "turnscope.step.kind";

/// What the tables find in a record, with what the rules in force say of it.
pub(super) fn find(view: &View<'_>, by_tables: impl Fn(&View<'_>) -> Found) -> Found {
    let Some(rules) = own_rules::current() else { return by_tables(view) };
    let keys = view.attributes.iter().map(|attribute| attribute.key.as_str());
    let Some(dialect) = rules.dialect_of(view.scope_name, view.name, &keys) else { return by_tables(view) };
    let mut attributes = Vec::new();
    let given = kind(dialect, view);
    if let Some(kind) = given {
        attributes.push(attribute(KIND, Value::StringValue(kind.as_str().to_owned())));
    }
    let kind = given.unwrap_or_else(|| by_tables(&View { trace: None, ..*view }).facts.kind);
    for (fact, sources) in &dialect.facts {
        let value = sources.iter().find_map(|source| value(*fact, source, view, kind));
        attributes.extend(value.map(|value| attribute(fact.key, value)));
    }
    let found_by_rules = attributes.len();
    for sent in view.attributes {
        if !attributes[..found_by_rules].iter().any(|found| found.key == sent.key) {
            attributes.push(sent.clone());
        }
    }
    let mut found = by_tables(&View { attributes: &attributes, ..*view });
    found.facts.dialect.clone_from(&dialect.name);
    found
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn kind(dialect: &Dialect, view: &View<'_>) -> Option<Kind> {
    if dialect.kinds.is_empty() {
        return None;
    }
    let texts: Vec<_> = view
        .attributes
        .iter()
        .map(|attribute| {
            let text = RawValue::of(attribute.value.as_ref()).and_then(RawValue::text);
            (attribute.key.as_str(), text)
        })
        .collect();
    let texts: Vec<(&str, Option<&str>)> = texts.iter().map(|(key, text)| (*key, text.as_deref())).collect();
    dialect.kinds.iter().find(|rule| rule.holds(view.name, &texts)).map(|rule| rule.kind)
}

/// What stands at one place, in the usual unit of its fact.
fn value(fact: Fact, source: &Source, view: &View<'_>, kind: Kind) -> Option<Value> {
    if source.only.is_some_and(|only| only != kind) {
        return None;
    }
    let held = [view.attributes, view.resource].into_iter().flatten().find(|held| held.key == source.key)?;
    let path: Vec<&str> = source.inside.iter().map(String::as_str).collect();
    let raw = RawValue::of(held.value.as_ref())?.at(&path).filter(|raw| raw.is_meaningful())?;
    if fact.is_number {
        let number = raw.number()? * source.unit.factor();
        let is_count = source.unit == Unit::One && number.fract() == 0.0 && number.abs() < 9e15;
        return Some(if is_count { Value::IntValue(number as i64) } else { Value::DoubleValue(number) });
    }
    match raw {
        RawValue::Any(value) => Some(value.clone()),
        RawValue::Json(_) => raw.text().map(|text| Value::StringValue(text.into_owned())),
    }
}
