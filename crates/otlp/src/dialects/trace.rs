//! What the search for a record's facts went by, for whoever asks why a fact is what it is.
//!
//! While receiving nobody asks: the view carries no trace, and nothing is noted. Where somebody does, the pass over the
//! tables tells what it chose and what it set aside, and code that decides beyond the tables notes its reason. Not here:
//! the answer that is made of it (`crate::explain`).

use super::{
    field::Field,
    select::{self, Selection},
    value::RawValue,
    view::View,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::Value as Json;
use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt};
use turnscope_model::Kind;

/// Where in a record a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// An attribute, or a path in the JSON that it holds.
    Attribute {
        /// Its key.
        key: Cow<'static, str>,
        /// The path; empty for the attribute itself.
        path: Vec<Cow<'static, str>>,
    },
    /// An attribute of the resource.
    Resource(String),
    /// A span event, or one of its attributes.
    Event {
        /// The event's name.
        event: Cow<'static, str>,
        /// The attribute's key.
        key: Option<Cow<'static, str>>,
    },
    /// The name of the span, or of the log record's event.
    Name,
    /// The name of the instrumentation scope.
    Scope,
    /// The span's status.
    Status,
    /// The span's links.
    Links,
    /// The log record's body.
    Body,
    /// Nothing that was sent: a rule of its own.
    Rule,
}

impl Place {
    /// An attribute itself.
    pub(crate) const fn attribute(key: &'static str) -> Self {
        Self::Attribute { key: Cow::Borrowed(key), path: Vec::new() }
    }
    /// An event.
    pub(crate) const fn event(event: &'static str) -> Self {
        Self::Event { event: Cow::Borrowed(event), key: None }
    }
    /// An attribute of an event.
    pub(crate) const fn in_event(event: &'static str, key: &'static str) -> Self {
        Self::Event { event: Cow::Borrowed(event), key: Some(Cow::Borrowed(key)) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute { key, path } => {
                // The beginning of keys.
                let any = if key.ends_with(['.', ':', '_']) { "*" } else { "" };
                write!(f, "{key}{any}")?;
                path.iter().try_for_each(|step| write!(f, " › {step}"))
            }
            Self::Resource(key) => write!(f, "{key} of the resource"),
            Self::Event { event, key: Some(key) } => write!(f, "{key} of the event {event}"),
            Self::Event { event, key: None } => write!(f, "the event {event}"),
            Self::Name => f.write_str("the name"),
            Self::Scope => f.write_str("the instrumentation scope"),
            Self::Status => f.write_str("the status"),
            Self::Links => f.write_str("the links"),
            Self::Body => f.write_str("the body"),
            Self::Rule => f.write_str("a rule"),
        }
    }
}

/// What became of one value that a table knows for a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the best of its list.
    Chosen,
    /// A better place holds a value.
    Lower,
    /// A placeholder, an empty list or an empty text.
    SaysNothing,
    /// Not of the kind of value that the fact has.
    WrongKind,
    /// Below zero, which no count is.
    Negative,
    /// The place counts on other kinds of steps.
    OtherKind,
}

/// A value that a table knows for a fact.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) fact: &'static str,
    /// Whether it alone gives the fact; others only help to find it, or give it by a rule that is noted.
    pub(crate) is_main: bool,
    pub(crate) place: Place,
    /// Its place in the list, from 1; `None` where it was told by its key's ending.
    pub(crate) rank: Option<u16>,
    pub(crate) value: Json,
    pub(crate) outcome: Outcome,
}

/// Why a fact is what it is, where the tables alone do not say.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) fact: &'static str,
    pub(crate) place: Place,
    pub(crate) how: &'static str,
}

/// What one search noted.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) candidates: Vec<Candidate>,
    /// In the order in which they were made: of two about one fact the later holds.
    pub(crate) notes: Vec<Note>,
    /// What else was done to facts.
    pub(crate) more: Vec<(&'static str, &'static str)>,
    /// Keys of attributes that a table or a rule knows.
    pub(crate) known_keys: HashSet<String>,
    /// Names of events that a rule looks for.
    pub(crate) known_events: HashSet<String>,
    /// Attributes that name the kind of work, with a value that no rule knows.
    pub(crate) unknown_kinds: Vec<(String, String)>,
}

/// Notes what a search for facts goes by.
#[derive(Debug, Default)]
pub struct Trace(RefCell<Noted>);

impl Trace {
    /// All that was noted.
    pub(crate) fn noted(self) -> Noted {
        self.0.into_inner()
    }
}

impl<'a> View<'a> {
    /// The value of one attribute. For the few places that read a handful of keys; the tables do it in one pass.
    pub(super) fn get(&self, key: &str) -> Option<RawValue<'a>> {
        self.looks_for(key);
        super::value::get(self.attributes, key)
    }

    /// One attribute as text.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// Says that a rule knows this attribute.
    pub(super) fn looks_for(&self, key: &str) {
        if let Some(trace) = self.trace {
            trace.0.borrow_mut().known_keys.insert(key.to_owned());
        }
    }

    /// Says that a rule knows events of this name.
    pub(super) fn looks_for_event(&self, name: &str) {
        if let Some(trace) = self.trace {
            trace.0.borrow_mut().known_events.insert(name.to_owned());
        }
    }

    /// Says where a fact comes from, where the tables alone do not give it.
    pub(super) fn note(&self, fact: &'static str, place: Place, how: &'static str) {
        if let Some(trace) = self.trace {
            trace.0.borrow_mut().notes.push(Note { fact, place, how });
        }
    }

    /// Adds what else was done to a fact, wherever it comes from.
    pub(super) fn note_more(&self, fact: &'static str, how: &'static str) {
        if let Some(trace) = self.trace {
            trace.0.borrow_mut().more.push((fact, how));
        }
    }

    /// As [`View::note`], of a fact that an attribute gives whose key is only known now.
    pub(super) fn note_key(&self, fact: &'static str, key: &str, how: &'static str) {
        if self.trace.is_some() {
            self.note(fact, Place::Attribute { key: Cow::Owned(key.to_owned()), path: Vec::new() }, how);
        }
    }

    /// As [`View::note`], of a fact that the value of this field gives.
    pub(super) fn note_field(
        &self,
        fact: &'static str,
        field: Field,
        selection: &Selection<'_>,
        how: &'static str,
    ) {
        if self.trace.is_some()
            && let Some(selected) = selection.get(field)
        {
            let path = selected.path().iter().map(|step| Cow::Borrowed(*step)).collect();
            self.note(fact, Place::Attribute { key: Cow::Borrowed(selected.key()), path }, how);
        }
    }

    /// Tells the trace, if there is one, what every attribute was to the tables.
    pub(super) fn note_selection(&self, selection: &Selection<'a>, kind: Kind) {
        let Some(trace) = self.trace else { return };
        let mut noted = trace.0.borrow_mut();
        for attribute in self.attributes {
            noted.attribute(attribute, false, selection, kind);
        }
        for attribute in self.resource {
            noted.attribute(attribute, true, selection, kind);
        }
    }
}

impl Noted {
    fn attribute(&mut self, attribute: &KeyValue, on_resource: bool, selection: &Selection<'_>, kind: Kind) {
        let Some(raw_value) = RawValue::of(attribute.value.as_ref()) else { return };
        let known = select::known(&attribute.key, on_resource);
        for entry in known.entries {
            let path = entry.source.path;
            let Some(found) = (if path.is_empty() { Some(raw_value) } else { raw_value.at(path) }) else {
                continue;
            };
            let refusal = select::refusal(entry, found);
            let taken = selection.holds(entry) && !self.has_chosen(entry.field);
            let outcome = match refusal {
                Some(refusal) => refusal,
                None if !entry.source.only.holds(kind) => Outcome::OtherKind,
                None if taken => Outcome::Chosen,
                None => Outcome::Lower,
            };
            let place = if on_resource {
                Place::Resource(attribute.key.clone())
            } else {
                let path = entry.source.path.iter().map(|step| Cow::Borrowed(*step)).collect();
                Place::Attribute { key: Cow::Owned(attribute.key.clone()), path }
            };
            let (fact, is_main) = of_field(entry.field);
            let rank = (entry.rank != u16::MAX).then(|| entry.rank + 1);
            self.candidates.push(Candidate { fact, is_main, place, rank, value: found.json(), outcome });
        }
        for rule in known.kinds {
            let place = Place::Attribute { key: Cow::Borrowed(rule.key), path: Vec::new() };
            match rule.kind_of(raw_value) {
                Some(_) => {
                    let chosen =
                        selection.kind.is_some_and(|(rank, _, key)| rank == rule.rank && key == rule.key);
                    let outcome = if chosen { Outcome::Chosen } else { Outcome::Lower };
                    let (rank, value) = (Some(u16::from(rule.rank) + 1), raw_value.json());
                    self.candidates.push(Candidate {
                        fact: "kind",
                        is_main: false,
                        place,
                        rank,
                        value,
                        outcome,
                    });
                }
                None => {
                    if let Some(word) = raw_value.text() {
                        self.unknown_kinds.push((attribute.key.clone(), word.into_owned()));
                    }
                }
            }
        }
        if known.is_known {
            self.known_keys.insert(attribute.key.clone());
        }
    }

    fn has_chosen(&self, field: Field) -> bool {
        let (fact, is_main) = of_field(field);
        self.candidates.iter().any(|candidate| {
            (candidate.fact, candidate.is_main, candidate.outcome) == (fact, is_main, Outcome::Chosen)
                && is_main
        })
    }
}

/// The fact that a field is for, and whether its value is the fact.
fn of_field(field: Field) -> (&'static str, bool) {
    let main = |fact| (fact, true);
    let helps = |fact| (fact, false);
    match field {
        Field::AgentName => main("agent_name"),
        Field::AgentId => main("agent_id"),
        Field::WorkflowName => main("workflow_name"),
        Field::NativeRunId => main("native_run_id"),
        Field::TurnIndex => main("turn"),
        Field::SessionId => main("session_id"),
        Field::UserId => main("user_id"),
        Field::UserRole => main("user_role"),
        Field::TriggerType => main("trigger_type"),
        Field::Tags => main("tags"),
        Field::PromptId => main("prompt_id"),
        Field::PromptVersion => main("prompt_version"),
        Field::ExperimentId => main("experiment_id"),
        Field::ExperimentVariant => main("experiment_variant"),
        Field::RequestModel => main("request_model"),
        Field::RoutedModel => helps("request_model"),
        Field::ResponseModel => main("response_model"),
        Field::Provider => main("provider"),
        Field::ServerAddress => helps("provider"),
        Field::ResponseId => main("response_id"),
        Field::FinishReason => main("finish_reason"),
        Field::FirstChunk => main("time_to_first_chunk_ms"),
        Field::FirstChunkAt => helps("time_to_first_chunk_ms"),
        Field::Streaming => main("streaming"),
        Field::InputTokens => main("input_tokens"),
        Field::OutputTokens => main("output_tokens"),
        Field::CacheRead => main("cache_read_tokens"),
        Field::CacheWrite => main("cache_write_tokens"),
        Field::Reasoning => main("reasoning_tokens"),
        Field::FreshInput | Field::TotalTokens | Field::UsageMap | Field::InputDetails | Field::SumInput => {
            helps("input_tokens")
        }
        Field::OutputDetails | Field::SumOutput => helps("output_tokens"),
        Field::SumCacheRead => helps("cache_read_tokens"),
        Field::SumCacheWrite => helps("cache_write_tokens"),
        Field::SumReasoning => helps("reasoning_tokens"),
        Field::CacheWrite1h => main("cache_write_1h_tokens"),
        Field::ServiceTier => main("service_tier"),
        Field::Speed => helps("service_tier"),
        Field::Cost => main("reported_cost_usd"),
        Field::CostIn | Field::CostOut => helps("reported_cost_usd"),
        Field::ToolName => main("tool_name"),
        Field::ToolCallId => main("tool_call_id"),
        Field::PolicyAllow
        | Field::PolicyDeny
        | Field::PolicyHuman
        | Field::Decision
        | Field::Triggered
        | Field::Deferral => helps("verdict"),
        Field::DecidedBy => main("decided_by"),
        Field::Reason => main("reason"),
        Field::RiskTier => main("risk_tier"),
        Field::Operation | Field::SpanType => helps("kind"),
        Field::Question => main("asks"),
        Field::Answer => main("answers"),
        Field::Resolution => main("resolution"),
        Field::ErrorType => main("error"),
        Field::ErrorCode => helps("error"),
        Field::ErrorMessage => main("error_message"),
        Field::Success | Field::Failed | Field::Outcome => helps("failed"),
        Field::ScoreName | Field::ScoreMap => main("scores"),
        Field::ScoreValue | Field::ScoreLabel | Field::ScoreComment => helps("scores"),
        Field::ReadableName => helps("name"),
    }
}
