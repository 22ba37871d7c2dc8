//! A user's own rules, applied to a record: what they find stands under the attributes that the tables know, before all
//! others.
//!
//! Not here: the rules and their file (`crate::own_rules`), messages under keys of one's own (`crate::cut`).

use super::{
    trace::Place,
    value::RawValue,
    view::{Found, View},
};
use crate::own_rules::{self, Dialect, Fact, Source, Unit};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use std::borrow::Cow;
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
    let mut taken = Vec::new();
    for (fact, sources) in &dialect.facts {
        let found = sources.iter().find_map(|source| Some((source, value(*fact, source, view, kind)?)));
        if let Some((source, value)) = found {
            attributes.push(attribute(fact.key, value));
            taken.push((*fact, source));
        }
    }
    let found_by_rules = attributes.len();
    for sent in view.attributes {
        if !attributes[..found_by_rules].iter().any(|found| found.key == sent.key) {
            attributes.push(sent.clone());
        }
    }
    let mut found = by_tables(&View { attributes: &attributes, ..*view });
    found.facts.dialect.clone_from(&dialect.name);
    name_rules(view, &taken, given.is_some());
    found
}

const OWN_RULE: &str = "a rule of your own";

/// Whoever asks is told of the user's rules, and not of the attributes that the tables know their finds by.
fn name_rules(view: &View<'_>, taken: &[(Fact, &Source)], gave_kind: bool) {
    let Some(trace) = view.trace else { return };
    view.note("dialect", Place::Rule, "a rule of your own recognises it");
    if gave_kind {
        view.note("kind", Place::Rule, "a rule of your own says what kind of step it is");
    }
    let noted = &mut *trace.0.borrow_mut();
    noted.candidates.retain(|one| one.place != Place::attribute(KIND));
    for (fact, source) in taken {
        let by_table = Place::attribute(fact.key);
        let own = place_of(source, view);
        noted.known_keys.insert(source.key.clone());
        for one in noted.candidates.iter_mut().filter(|one| one.place == by_table) {
            one.place = own.clone();
            one.rank = None;
            if one.is_main {
                noted.more.push((one.fact, OWN_RULE));
            }
        }
        for note in noted.notes.iter_mut().filter(|note| note.place == by_table) {
            note.place = own.clone();
        }
    }
}

fn place_of(source: &Source, view: &View<'_>) -> Place {
    if view.attributes.iter().any(|held| held.key == source.key) {
        let path = source.inside.iter().map(|step| Cow::Owned(step.clone())).collect();
        Place::Attribute { key: Cow::Owned(source.key.clone()), path }
    } else {
        Place::Resource(source.key.clone())
    }
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
