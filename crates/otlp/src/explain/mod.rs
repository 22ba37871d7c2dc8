//! Why the facts of a record are what they are, and what it says that no rule understood.
//!
//! The record is searched again as on receipt, with a trace that notes what the search goes by. Here: the answer that is
//! made of it. In the files below: every fact with its value (`facts`), what was not understood (`unknown`), of what
//! shape a value is (`shape`). Not here: what several records of one step say together, and what follows from the
//! structure of a run.

mod facts;
mod shape;
mod unknown;

pub use facts::of as facts_of;
pub use shape::{Shape, cut_short};
pub use unknown::{Unknown, What};

use crate::{
    cut,
    dialects::{self, Candidate, Found, Noted, Outcome, Place, Trace, View},
    messages::{self, ContentPlace},
    normalise,
    own_rules::CONTENTS,
};
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, Span},
};
use serde_json::Value as Json;
use turnscope_model::{ContentHash, Facts, Form, Origin, Purpose};

/// Why a record's facts are what they are.
#[derive(Debug)]
pub struct Explanation {
    /// It is a span, not a log record.
    pub is_span: bool,
    /// The facts as today's rules find them.
    pub facts: Facts,
    /// Every fact that was found, and every fact for which something was sent that gave none.
    pub explained: Vec<ExplainedFact>,
    /// What was sent and not understood, most telling first.
    pub unknown: Vec<Unknown>,
}

/// Why a fact is what it is.
#[derive(Debug)]
pub struct ExplainedFact {
    /// Its name.
    pub fact: &'static str,
    /// Its value; null where nothing gave one.
    pub value: Json,
    /// Where it stands; several places where several gave it together.
    pub given_by: Vec<Given>,
    /// The rules beyond the order of places, in words.
    pub how: Vec<&'static str>,
    /// Other places that hold something for it.
    pub set_aside: Vec<SetAside>,
}

/// A place that gave a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The place.
    pub place: Place,
    /// Where it is in the list of places for this fact, from 1; `None` where it is in none.
    pub rank: Option<u16>,
}

/// A place that holds something for a fact and did not give it.
#[derive(Debug)]
pub struct SetAside {
    /// The place.
    pub place: Place,
    /// Where it is in the list of places for this fact, from 1.
    pub rank: Option<u16>,
    /// What it holds.
    pub value: Json,
    /// Why it did not give the fact.
    pub why: &'static str,
}

/// Explains a span as it was sent. `origin` is its resource and scope. `None` where its ids are invalid.
pub fn span(span: &Span, origin: &ResourceSpans) -> Option<Explanation> {
    let ids = (span.trace_id[..].try_into().ok()?, span.span_id[..].try_into().ok()?);
    let (resource, origin) = opened(origin);
    let trace = Trace::default();
    let view = View { trace: Some(&trace), ..normalise::span_view(span, resource, &origin, ids) };
    let mut found = dialects::find(&view);
    let kind = found.facts.kind;
    normalise::take_previews(&mut found.facts, messages::Previews::of_span(span, kind));
    found.facts.links = normalise::links(span);
    let places = messages::places::of_span(span, kind);
    let noted = trace.noted();
    let unknown = unknown::of_span(span, &noted, kind);
    Some(Explanation { is_span: true, ..explanation(found, &noted, &places, unknown) })
}

/// Explains a log record as it was sent. `origin` is its resource and scope.
pub fn log(log: &LogRecord, origin: &ResourceSpans) -> Explanation {
    let (resource, origin) = opened(origin);
    let trace = Trace::default();
    let view = View { trace: Some(&trace), ..normalise::log_view(log, resource, &origin) };
    let mut found = dialects::find(&view);
    let kind = found.facts.kind;
    normalise::take_previews(&mut found.facts, messages::Previews::of_log(log, kind));
    let places = messages::places::of_log(log, kind);
    let noted = trace.noted();
    let unknown = unknown::of_log(log, &noted, &found.facts);
    explanation(found, &noted, &places, unknown)
}

/// What of a span was not understood, most telling first. As [`span`], without looking at its content.
pub fn unknown_in_span(span: &Span, origin: &ResourceSpans) -> Vec<Unknown> {
    let (Ok(trace_id), Ok(span_id)) = (span.trace_id[..].try_into(), span.span_id[..].try_into()) else {
        return Vec::new();
    };
    let (resource, origin) = opened(origin);
    let trace = Trace::default();
    let view =
        View { trace: Some(&trace), ..normalise::span_view(span, resource, &origin, (trace_id, span_id)) };
    let kind = dialects::find(&view).facts.kind;
    unknown::of_span(span, &trace.noted(), kind)
}

/// What of a log record was not understood, most telling first. As [`log`], without looking at its content.
pub fn unknown_in_log(log: &LogRecord, origin: &ResourceSpans) -> Vec<Unknown> {
    let (resource, origin) = opened(origin);
    let trace = Trace::default();
    let view = View { trace: Some(&trace), ..normalise::log_view(log, resource, &origin) };
    let facts = dialects::find(&view).facts;
    unknown::of_log(log, &trace.noted(), &facts)
}

fn opened(origin: &ResourceSpans) -> (Option<&Resource>, Origin) {
    let scope = origin.scope_spans.first().and_then(|scope| scope.scope.as_ref());
    let names = Origin {
        service_name: origin.resource.as_ref().map_or("", normalise::service_name).to_owned(),
        scope_name: scope.map_or_else(String::new, |scope| scope.name.clone()),
        hash: ContentHash::of(Form::Bytes, &[]),
        bytes: Vec::new(),
    };
    (origin.resource.as_ref(), names)
}

fn explanation(found: Found, noted: &Noted, places: &[ContentPlace], unknown: Vec<Unknown>) -> Explanation {
    let contents = Contents(places);
    let facts = facts::of(&found.facts);
    let mut explained: Vec<ExplainedFact> =
        facts.into_iter().map(|(fact, value)| explain(fact, value, noted, &contents)).collect();
    explained.retain(|one| !one.value.is_null() || !one.set_aside.is_empty());
    explained.extend(CONTENTS.iter().filter_map(|(name, purpose)| contents.explain(*purpose, name)));
    Explanation { is_span: false, facts: found.facts, explained, unknown }
}

fn explain(fact: &'static str, value: Json, noted: &Noted, contents: &Contents<'_>) -> ExplainedFact {
    let note = noted.notes.iter().rev().find(|note| note.fact == fact).filter(|_| !value.is_null());
    let candidates = || noted.candidates.iter().filter(|candidate| candidate.fact == fact);
    let rank_of = |place: &Place| candidates().find(|one| one.place == *place).and_then(|one| one.rank);
    let mut how: Vec<&'static str> = note.map(|note| note.how).into_iter().collect();
    let mut given_by = Vec::new();
    if let Some(note) = note {
        given_by.push(Given { place: note.place.clone(), rank: rank_of(&note.place) });
    } else if !value.is_null() {
        let chosen = candidates().filter(|one| one.is_main && one.outcome == Outcome::Chosen);
        given_by.extend(chosen.map(|one| Given { place: one.place.clone(), rank: one.rank }));
        if given_by.is_empty()
            && let Some(place) = own_place(fact)
        {
            given_by.push(Given { place, rank: None });
        } else if given_by.is_empty()
            && let Some((places, rule)) = contents.give(fact)
        {
            given_by = places;
            how.push(rule);
        }
    }
    how.extend(noted.more.iter().filter(|(of, _)| *of == fact && !value.is_null()).map(|(_, how)| *how));
    let is_given = |one: &Candidate| given_by.iter().any(|given| given.place == one.place);
    let set_aside = candidates()
        .filter(|one| !is_given(one))
        .map(|one| SetAside {
            place: one.place.clone(),
            rank: one.rank,
            value: cut_short(&one.value),
            why: why(one, value.is_null()),
        })
        .collect();
    ExplainedFact { fact, value, given_by, how, set_aside }
}

/// What has a place of its own in a record.
fn own_place(fact: &str) -> Option<Place> {
    match fact {
        "name" => Some(Place::Name),
        "links" => Some(Place::Links),
        _ => None,
    }
}

fn why(candidate: &Candidate, is_unknown: bool) -> &'static str {
    match candidate.outcome {
        Outcome::Lower => "lower in the list",
        Outcome::SaysNothing => "says nothing",
        Outcome::WrongKind => "not a value of the kind that the fact has",
        Outcome::Negative => "below zero",
        Outcome::OtherKind => "counts on other kinds of steps",
        Outcome::Chosen if !candidate.is_main && is_unknown => "gives nothing here",
        Outcome::Chosen if !candidate.is_main => "read beside what gives the fact",
        Outcome::Chosen if is_unknown => "not taken for this fact on such a record",
        Outcome::Chosen => "a rule decided otherwise",
    }
}

/// Where the record's content stands.
struct Contents<'a>(&'a [ContentPlace]);

impl Contents<'_> {
    fn read(&self, purposes: &[Purpose]) -> Vec<Given> {
        let read = self.0.iter().filter(|place| place.is_read && purposes.contains(&place.purpose));
        read.map(|place| Given { place: place_of(place), rank: Some(u16::from(place.rank) + 1) }).collect()
    }

    /// The content that a fact is read from.
    fn give(&self, fact: &str) -> Option<(Vec<Given>, &'static str)> {
        use Purpose::{Arguments, Input, Output, Result};
        let (purposes, rule): (&[Purpose], _) = match fact {
            "input_text" => (&[Input], "the text of the last user message, or the plain input"),
            "output_text" => (&[Output], "the text of the answer, or the plain output"),
            "finish_reason" => (&[Output], "the answer says it"),
            "requested_tools" => (&[Output], "the tool calls in the answer"),
            "failed_results" => (&[Input], "results of tools that say that they failed"),
            "asks" => (&[Output, Result], "a question to a person, by the structure of the content"),
            "answers" => (&[Input, Arguments], "a person's answer, by the structure of the content"),
            _ => return None,
        };
        let mut given = self.read(purposes);
        // The answer is the end of the only list.
        if given.is_empty() && purposes.contains(&Output) {
            given = self.read(&[Input]);
        }
        Some((given, rule))
    }

    fn explain(&self, purpose: Purpose, name: &'static str) -> Option<ExplainedFact> {
        let given_by = self.read(&[purpose]);
        let of_purpose = || self.0.iter().filter(|place| place.purpose == purpose);
        let first = of_purpose().find(|place| place.is_read)?;
        let set_aside = of_purpose().filter(|place| !place.is_read).map(|place| SetAside {
            place: place_of(place),
            rank: Some(u16::from(place.rank) + 1),
            value: cut_short(&place.value),
            why: "a better place holds the same",
        });
        let how = if cut::is_guess(first.rank) { vec!["told by the ending of the key"] } else { Vec::new() };
        let set_aside = set_aside.collect();
        Some(ExplainedFact { fact: name, value: cut_short(&first.value), given_by, how, set_aside })
    }
}

fn place_of(content: &ContentPlace) -> Place {
    if content.key.is_empty() {
        Place::Body
    } else if content.event.is_empty() {
        Place::Attribute { key: content.key.clone().into(), path: Vec::new() }
    } else {
        Place::Event { event: content.event.clone().into(), key: Some(content.key.clone().into()) }
    }
}
