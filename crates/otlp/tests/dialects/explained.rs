//! Where the facts of real captures come from, and what in them no rule understands.

use super::capture;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message as _;
use serde_json::Value as Json;
use turnscope_model::{Facts, Kind, Record};
use turnscope_otlp::{
    cut::{self, Header},
    dialects::Place,
    explain::{self, ExplainedFact, Explanation},
};

/// Explains a record from what is stored of it.
fn explanation(record: &Record) -> Explanation {
    let origin = ResourceSpans::decode(&record.origin.bytes[..]).expect("an origin was encoded here");
    let header = Header::from(record);
    if cut::is_span(&record.body, &record.role) {
        let span = cut::restore_span(&record.body, &header).expect("a body was cut here");
        explain::span(&span, &origin).expect("a stored span has its ids")
    } else {
        explain::log(&cut::restore_log(&record.body, &header).expect("a body was cut here"), &origin)
    }
}

/// Facts without what is counted and hashed while receiving.
fn comparable(facts: &Facts) -> Facts {
    let counted = Facts { context: None, arguments: None, redacted: 0, dropped: 0, ..facts.clone() };
    Facts { clamped: false, invalid_utf8: false, ..counted }
}

/// The text that one attribute gives, where a fact is read from it and no rule changes it.
fn read_as_sent<'a>(fact: &ExplainedFact, attributes: &'a [(String, String)]) -> Option<&'a str> {
    let [given] = &fact.given_by[..] else { return None };
    let Place::Attribute { key, path } = &given.place else { return None };
    let sent =
        attributes.iter().find(|(sent, _)| sent == key).filter(|_| path.is_empty() && fact.how.is_empty());
    sent.map(|(_, value)| value.as_str())
}

#[test]
fn every_fact_of_every_capture_says_where_it_comes_from() {
    let Some(corpus) = capture::corpus() else { return };
    let mut wrong = Vec::new();
    for producer in capture::producers(&corpus) {
        for record in capture::records(&corpus.join(&producer)) {
            let explained = explanation(&record);
            assert_eq!(comparable(&explained.facts), comparable(&record.facts), "{producer}");
            let attributes = texts(&record);
            for fact in explained.explained.iter().filter(|fact| !fact.value.is_null()) {
                let sent = read_as_sent(fact, &attributes);
                // Contents are cut short.
                let is_long = fact.value.as_str().is_some_and(|value| value.ends_with('…'));
                let is_other =
                    !is_long && fact.value.as_str().zip(sent).is_some_and(|(value, sent)| value != sent);
                if fact.given_by.is_empty() || is_other {
                    wrong.push(format!(
                        "{producer} {}: {} = {} by {:?} {:?}",
                        record.facts.name, fact.fact, fact.value, fact.given_by, fact.how
                    ));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} facts without a true origin:\n{}", wrong.len(), wrong.join("\n"));
}

/// A record's own attributes that are texts of a plain form.
fn texts(record: &Record) -> Vec<(String, String)> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let header = Header::from(record);
    let attributes = if cut::is_span(&record.body, &record.role) {
        cut::restore_span(&record.body, &header).expect("a body was cut here").attributes
    } else {
        cut::restore_log(&record.body, &header).expect("a body was cut here").attributes
    };
    let text = |value| match value {
        Value::StringValue(text) if !text.starts_with(['"', '[', '{']) => Some(text),
        _ => None,
    };
    attributes.into_iter().filter_map(|kv| Some((kv.key, text(kv.value?.value?)?))).collect()
}

/// One line for each fact, for what was set aside, and for what was not understood.
fn lines(explained: &Explanation) -> Vec<String> {
    let short = |value: &Json| explain::cut_short(value).to_string();
    let mut lines = Vec::new();
    for fact in &explained.explained {
        let given: Vec<String> = fact
            .given_by
            .iter()
            .map(|given| {
                given.place.to_string() + &given.rank.map_or_else(String::new, |rank| format!(" #{rank}"))
            })
            .collect();
        lines.push(format!(
            "{} = {} < {} {}",
            fact.fact,
            short(&fact.value),
            given.join(" + "),
            fact.how.join("; ")
        ));
        for aside in &fact.set_aside {
            lines.push(format!("  not {} = {}: {}", aside.place, short(&aside.value), aside.why));
        }
    }
    for unknown in &explained.unknown {
        lines.push(format!(
            "? {} {} [{}] {} {}",
            unknown.what.as_str(),
            unknown.key,
            unknown.shape,
            unknown.looks_like.unwrap_or("-"),
            unknown.of_no_interest.unwrap_or("")
        ));
    }
    lines
}

#[test]
fn steps_of_several_frameworks_are_explained() {
    let Some(corpus) = capture::corpus() else { return };
    let mut all = Vec::new();
    for (producer, kind) in [
        ("langchain-openinference", Kind::Llm),
        ("ai-sdk-v6", Kind::Llm),
        ("google-adk", Kind::Tool),
        ("kitelogik", Kind::Policy),
        ("agent-inspector", Kind::Llm),
        ("claude-agent-sdk", Kind::Llm),
        ("strands", Kind::Run),
    ] {
        let records = capture::records(&corpus.join(producer));
        let Some(record) = records.iter().find(|record| record.facts.kind == kind) else { continue };
        all.push(format!("=== {producer}: {}", record.facts.name));
        all.extend(lines(&explanation(record)));
    }
    insta::assert_snapshot!("explained", all.join("\n"));
}
