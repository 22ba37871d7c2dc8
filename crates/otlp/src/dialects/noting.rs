//! What is told to a trace, if there is one: which attributes and events rules look for, what the tables chose and set
//! aside, and the reasons of code that decides beyond the tables.

use super::{
    field::Field,
    general,
    select::{self, Selection},
    trace::{Candidate, Note, Noted, Outcome, Place},
    value::RawValue,
    view::View,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use std::borrow::Cow;
use turnscope_model::Kind;

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
            let rank = (!general::is_general(entry)).then(|| entry.rank + 1);
            self.candidates.push(Candidate { fact, is_main, place, rank, value: found.json(), outcome });
        }
        let mut is_known = known.is_known;
        for rule in known.kinds {
            let is_guess = rule.is_guess();
            let place = Place::Attribute { key: Cow::Owned(attribute.key.clone()), path: Vec::new() };
            match rule.kind_of(raw_value) {
                Some(_) => {
                    is_known = true;
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
                // What only ends like a marker may mean anything else.
                None => {
                    if let Some(word) = raw_value.text().filter(|_| !is_guess) {
                        self.unknown_kinds.push((attribute.key.clone(), word.into_owned()));
                    }
                }
            }
        }
        if is_known {
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
