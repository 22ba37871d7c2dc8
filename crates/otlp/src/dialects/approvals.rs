//! A person in the loop, as attributes and exceptions tell of them: what is asked, and what was answered.
//!
//! Here: exceptions by which a framework stops for somebody, attributes for the question and the answer, and spans whose
//! own name says that a person is asked. Not here: parts of messages that say the same (`crate::messages`), and which
//! answer belongs to which question (the crate `project`).

use super::{field::Field, select::Selection, steering, trace::Place, value::RawValue, view::View};
use crate::person::{cut_short, question, resolution_of, says_stopped};
use std::borrow::Cow;
use turnscope_model::{Approval, Facts, Kind, Resolution, Verdict};

/// The last word of an attribute that holds the question.
const QUESTIONS: &[&str] = &["prompt", "question", "request", "message"];
/// The last word of an attribute that holds the answer.
const ANSWERS: &[&str] =
    &["response", "answer", "decision", "resolution", "approved", "confirmed", "outcome"];
/// The last word of an attribute that says who answered.
const PEOPLE: &[&str] = &["approver", "reviewer", "responder", "decided_by", "approved_by", "answered_by"];

/// Fills in what the record says of a person who is asked.
pub(super) fn fill(facts: &mut Facts, selection: &Selection<'_>, view: &View<'_>) {
    if let Some(pause) = steering::of(view) {
        facts.steered = true;
        for fact in ["steered", "asks"] {
            view.note(fact, Place::Status, "an exception with which a framework stops or steers itself");
        }
        if pause.asks_a_person() {
            ask(facts, pause.question().or_else(|| said(selection, Field::Question)));
            return;
        }
    }
    if let Some(state) = stopped(facts.kind, view) {
        facts.steered = true;
        return ask(facts, told_beside(view, state).or_else(|| said(selection, Field::Question)));
    }
    if facts.kind == Kind::Run {
        facts.asks.extend(pending_tools(view));
        facts.answers.extend(continuation(view));
    }
    let question = said(selection, Field::Question);
    let answer = selection.cow(Field::Answer);
    let resolution = selection.cow(Field::Resolution).and_then(|word| resolution_of(&word));
    let who = resolution.and_then(|_| selection.text(Field::DecidedBy));
    let mut exchange = Exchange { question, answer: answer.map(Cow::into_owned), who, resolution };
    if facts.kind != Kind::Tool && asks_by_name(view, selection) {
        exchange.look_through(view);
    }
    if exchange.question.is_some() || exchange.is_answered() {
        if matches!(facts.kind, Kind::Workflow | Kind::Other) {
            facts.kind = Kind::Policy;
            view.note("kind", Place::Rule, "a person is asked");
            facts.tool_name = selection.text(Field::ToolName);
            facts.tool_call_id = selection.text(Field::ToolCallId);
        }
        exchange.tell(facts, view);
    }
}

/// The attribute by which a step says that it stopped for somebody: its state.
fn stopped<'a>(kind: Kind, view: &View<'a>) -> Option<&'a str> {
    const STATES: [&str; 5] = ["finish_reason", "finish_reasons", "status", "state", "outcome"];
    if !matches!(kind, Kind::Tool | Kind::Run | Kind::Workflow | Kind::Turn) {
        return None;
    }
    let state = view.attributes.iter().find(|attribute| {
        let word = attribute.key.rsplit(['.', ':']).next().unwrap_or_default();
        STATES.contains(&word)
            && RawValue::of(attribute.value.as_ref())
                .and_then(RawValue::text)
                .is_some_and(|text| says_stopped(&text))
    })?;
    for fact in ["steered", "asks"] {
        view.note_key(fact, &state.key, "the step stopped for somebody");
    }
    Some(&state.key)
}

/// What an attribute that belongs to the state says it stopped for: `acme.finish_reason_description`.
fn told_beside(view: &View<'_>, state: &str) -> Option<String> {
    let told = view.attributes.iter().find(|attribute| {
        attribute.key.strip_prefix(state).is_some_and(|more| more.starts_with(['_', '.']))
    })?;
    view.looks_for(&told.key);
    as_question(&RawValue::of(told.value.as_ref())?.text()?)
}

/// The tools for which an agent that stopped waits for somebody: an attribute lists their names.
fn pending_tools(view: &View<'_>) -> Vec<Approval> {
    let lists_them = |key: &str| {
        let word = key.rsplit(['.', ':']).next().unwrap_or_default();
        word.contains("pending") && mentions_a_person(key)
    };
    let mut asks = Vec::new();
    for attribute in view.attributes.iter().filter(|attribute| lists_them(&attribute.key)) {
        view.looks_for(&attribute.key);
        view.note_key("asks", &attribute.key, "it lists the tools that wait for somebody");
        let tools = RawValue::of(attribute.value.as_ref()).map(RawValue::list).unwrap_or_default();
        asks.extend(tools.into_iter().map(|tool| Approval { tool_name: Some(tool), ..Approval::default() }));
    }
    asks.truncate(Approval::MAX);
    asks
}

/// An agent that goes on with what a person answered may only say that it does so.
fn continuation(view: &View<'_>) -> Option<Approval> {
    let attribute =
        view.attributes.iter().find(|attribute| attribute.key.ends_with("incoming_event_type"))?;
    let word = RawValue::of(attribute.value.as_ref())?.text()?;
    view.looks_for(&attribute.key);
    view.note_key("answers", &attribute.key, "the agent goes on with a person's answer");
    (word.contains("confirm") || mentions_a_person(&word)).then(Approval::default)
}

/// The person is asked, and nothing says that they answered.
fn ask(facts: &mut Facts, text: Option<String>) {
    facts.asks.push(Approval {
        text,
        tool_name: facts.tool_name.clone(),
        tool_call_id: facts.tool_call_id.clone(),
        ..Approval::default()
    });
}

/// Whether the name of the span or of its operation says that a person is asked.
fn asks_by_name(view: &View<'_>, selection: &Selection<'_>) -> bool {
    mentions_a_person(view.name)
        || selection.cow(Field::Operation).is_some_and(|operation| mentions_a_person(&operation))
}

fn mentions_a_person(text: &str) -> bool {
    let begins = |at: usize, word: &str| {
        let part = text.as_bytes().get(at..at + word.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    text.bytes().enumerate().any(|(at, byte)| match byte.to_ascii_lowercase() {
        b'h' => begins(at, "human") || begins(at, "hitl"),
        b'a' => begins(at, "approv"),
        b'c' => begins(at, "confirmation"),
        b'e' => begins(at, "elicit"),
        b'i' => begins(at, "interrupt"),
        _ => false,
    })
}

/// A question, what was answered, and by whom.
#[derive(Default)]
struct Exchange {
    question: Option<String>,
    answer: Option<String>,
    who: Option<String>,
    resolution: Option<Resolution>,
}

impl Exchange {
    fn is_answered(&self) -> bool {
        self.answer.is_some() || self.resolution.is_some()
    }

    /// Takes from the attributes by the last word of their key.
    fn look_through(&mut self, view: &View<'_>) {
        for attribute in view.attributes.iter().filter(|attribute| mentions_a_person(&attribute.key)) {
            let word = attribute.key.rsplit(['.', ':']).next().unwrap_or_default();
            let place = if QUESTIONS.contains(&word) {
                &mut self.question
            } else if ANSWERS.contains(&word) {
                &mut self.answer
            } else if PEOPLE.contains(&word) {
                &mut self.who
            } else {
                continue;
            };
            view.looks_for(&attribute.key);
            for fact in ["asks", "answers", "decided_by", "resolution"] {
                view.note_key(
                    fact,
                    &attribute.key,
                    "the span asks a person, and the key ends in such a word",
                );
            }
            if place.is_none() {
                *place = RawValue::of(attribute.value.as_ref())
                    .and_then(RawValue::text)
                    .map(|text| cut_short(&text));
            }
        }
    }

    fn tell(self, facts: &mut Facts, view: &View<'_>) {
        let is_answered = self.is_answered();
        let resolution = self.resolution.or_else(|| self.answer.as_deref().and_then(resolution_in));
        // A tool that goes on after it was asked for carries the answer.
        if facts.kind == Kind::Tool {
            if is_answered {
                facts.answers.push(Approval {
                    text: self.answer.as_deref().map(cut_short),
                    who: self.who,
                    resolution,
                    tool_name: facts.tool_name.clone(),
                    tool_call_id: facts.tool_call_id.clone(),
                });
            } else {
                ask(facts, self.question);
            }
            return;
        }
        if facts.kind != Kind::Policy {
            return;
        }
        view.note("verdict", Place::Rule, "a person is asked");
        facts.verdict = Some(Verdict::Hitl);
        facts.resolution = facts.resolution.or(resolution);
        facts.decided_by = facts.decided_by.take().or(self.who);
        ask(facts, self.question);
        if is_answered {
            facts.answers.push(Approval {
                text: self.answer.as_deref().map(cut_short),
                who: facts.decided_by.clone(),
                resolution: facts.resolution,
                tool_name: facts.tool_name.clone(),
                tool_call_id: facts.tool_call_id.clone(),
            });
        }
    }
}

/// The decision in an answer: a word, or an object that says it.
fn resolution_in(answer: &str) -> Option<Resolution> {
    if let Some(found) = resolution_of(answer) {
        return Some(found);
    }
    let json: serde_json::Value = serde_json::from_str(answer).ok()?;
    let said = ["approved", "decision", "type", "action"].iter().find_map(|key| json.get(*key))?;
    resolution_of(said.as_str().map_or_else(|| said.to_string(), str::to_owned).as_str())
}

fn said(selection: &Selection<'_>, field: Field) -> Option<String> {
    as_question(&selection.cow(field)?)
}

/// A question as text, or in an object that holds it.
fn as_question(raw: &str) -> Option<String> {
    let json = serde_json::from_str(raw).ok().filter(|json: &serde_json::Value| !json.is_number());
    json.and_then(|json| question(&json)).or_else(|| Some(cut_short(raw)))
}
