//! Scores that a record carries: `eval.score.*`, evaluation events, numbered annotations, maps of scores.
//!
//! Not here: scores that come through the API.

use super::{
    field::Field,
    metadata::Family,
    select::Selection,
    trace::Place,
    value::{self, RawValue},
    view::{Signal, View},
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use turnscope_model::{Facts, ScoreFact, ScoreSource};

/// The event that carries one evaluation's result.
const RESULT: &str = "gen_ai.evaluation.result";

/// Fills the scores in.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    if let Some(name) = selection.text(Field::ScoreName) {
        let source = if view.signal == Signal::Log { ScoreSource::Event } else { ScoreSource::Attribute };
        facts.scores.push(ScoreFact {
            name,
            value: selection.number(Field::ScoreValue),
            label: selection.text(Field::ScoreLabel),
            comment: selection.text(Field::ScoreComment),
            source,
        });
    }
    view.looks_for_event(RESULT);
    for event in view.events.iter().filter(|event| event.name == RESULT) {
        view.note("scores", Place::event(RESULT), "an evaluation's result");
        facts.scores.extend(of_event(&event.attributes));
    }
    let mut parts = Vec::new();
    for (family, rest, raw_value) in &selection.families {
        if matches!(family, Family::Score | Family::NumberedScore) {
            view.note("scores", Place::Rule, "attributes of free names under the prefixes for scores");
        }
        match family {
            Family::Score => facts.scores.push(plain(rest, *raw_value)),
            Family::NumberedScore => numbered(&mut parts, rest, *raw_value),
            _ => {}
        }
    }
    facts.scores.extend(parts.into_iter().map(|(_, score)| score).filter(|score| !score.name.is_empty()));
    if let Some(selected) = selection.get(Field::ScoreMap) {
        for (name, raw_value) in selected.raw_value.members() {
            let inner = raw_value.at(&["value"]).unwrap_or(raw_value);
            let mut score = plain(name, inner);
            score.comment =
                raw_value.at(&["reason"]).and_then(RawValue::text).map(std::borrow::Cow::into_owned);
            if score.value.is_some() {
                facts.scores.push(score);
            }
        }
    }
    told_once(&mut facts.scores);
}

/// The same result may be written twice, as an event and as an attribute: it is one score, the event's.
fn told_once(scores: &mut Vec<ScoreFact>) {
    let events: Vec<(String, Option<f64>)> = scores
        .iter()
        .filter(|score| score.source == ScoreSource::Event)
        .map(|score| (score.name.clone(), score.value))
        .collect();
    scores.retain(|score| {
        score.source == ScoreSource::Event
            || !events.iter().any(|(name, value)| *name == score.name && *value == score.value)
    });
}

fn of_event(attributes: &[KeyValue]) -> Option<ScoreFact> {
    let text = |key| value::get_text(attributes, key).map(std::borrow::Cow::into_owned);
    Some(ScoreFact {
        name: text("gen_ai.evaluation.name")?,
        value: value::get(attributes, "gen_ai.evaluation.score.value").and_then(RawValue::number),
        label: text("gen_ai.evaluation.score.label"),
        comment: text("gen_ai.evaluation.explanation"),
        source: ScoreSource::Event,
    })
}

/// A number is a value, a truth value is 0 or 1 with its word as the label, anything else is a label.
fn plain(name: &str, raw_value: RawValue<'_>) -> ScoreFact {
    let value = raw_value.number().or_else(|| raw_value.truth().map(|truth| if truth { 1.0 } else { 0.0 }));
    let is_word = raw_value.number().is_none();
    ScoreFact {
        name: name.to_owned(),
        value,
        label: if is_word { raw_value.text().map(std::borrow::Cow::into_owned) } else { None },
        comment: None,
        source: ScoreSource::Attribute,
    }
}

/// `0.annotation.score`: the parts of one score come as attributes of their own, next to one another or not.
fn numbered<'a>(scores: &mut Vec<((&'a str, &'a str), ScoreFact)>, rest: &'a str, raw_value: RawValue<'_>) {
    let Some((number, part)) = rest.split_once('.') else { return };
    let Some((what, part)) = part.split_once('.') else { return };
    let at = scores.iter().position(|(held, _)| *held == (what, number)).unwrap_or_else(|| {
        let source = ScoreSource::Attribute;
        scores.push((
            (what, number),
            ScoreFact { name: String::new(), value: None, label: None, comment: None, source },
        ));
        scores.len() - 1
    });
    let Some((_, score)) = scores.get_mut(at) else { return };
    let text = || raw_value.text().map(std::borrow::Cow::into_owned);
    match part {
        "name" => score.name = text().unwrap_or_default(),
        "score" => score.value = raw_value.number(),
        "label" => score.label = text(),
        "explanation" => score.comment = text(),
        _ => {}
    }
}
