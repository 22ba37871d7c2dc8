//! Agent Inspector: every event of a run is a span without a parent, in a trace of its own, exported after the fact.
//!
//! The run has a name, the real time is in an attribute, and the kind is the span's name. Beginning and end of
//! the run are two events of one step.

use super::{
    select::Selection,
    trace::Place,
    value::RawValue,
    view::{Found, View},
};
use std::borrow::Cow;
use turnscope_model::{ErrorFact, GroupKey, Kind, Role, RunId};

/// The key of the step that represents the run.
const RUN: &str = "run";

const KINDS: &[(&str, Kind)] = &[
    ("run_start", Kind::Run),
    ("run_end", Kind::Run),
    ("llm_call", Kind::Llm),
    ("tool_call", Kind::Tool),
    ("memory_read", Kind::Memory),
    ("memory_write", Kind::Memory),
    ("agent_spawn", Kind::Workflow),
    ("agent_handoff", Kind::Workflow),
];

/// Puts an event into its run.
pub(super) fn adjust(view: &View<'_>, _: &Selection<'_>, found: &mut Found) {
    let text = |key| view.text(key).map(Cow::into_owned);
    let number = |key| view.get(key).and_then(RawValue::count);
    let Some(run) = text("agent_inspector.run_id") else { return };
    found.group = GroupKey::Assembled(RunId::assembled("agent-inspector", view.service_name, &run));
    if let Some(millis) = number("agent_inspector.timestamp_ms") {
        found.start = millis.saturating_mul(1_000_000);
        let length = number("agent_inspector.duration_ms").unwrap_or(0).saturating_mul(1_000_000);
        found.end = Some(found.start.saturating_add(length));
    }
    let facts = &mut found.facts;
    facts.kind = KINDS.iter().find(|(name, _)| *name == view.name).map_or(Kind::Other, |(_, kind)| *kind);
    view.note("kind", Place::Name, "the kind is the event's name");
    let label = text("agent_inspector.name");
    let labels = |fact| view.note(fact, Place::attribute("agent_inspector.name"), "the event's label");
    match facts.kind {
        Kind::Llm => {
            labels("request_model");
            facts.request_model.clone_from(&label);
        }
        Kind::Tool => {
            labels("tool_name");
            facts.tool_name.clone_from(&label);
        }
        _ => {}
    }
    if facts.kind == Kind::Llm && facts.provider.is_none() {
        view.note("provider", Place::Rule, "the only provider of models of this name");
        facts.provider = label.as_deref().and_then(super::providers::of_model);
    }
    if facts.error.is_some() || view.name == "error" {
        labels("error");
        facts.error =
            Some(ErrorFact { r#type: label.clone().unwrap_or_else(|| "_OTHER".to_owned()), message: None });
    }
    found.role = match view.name {
        "run_start" => {
            found.end = None;
            Role::Event { key: RUN.to_owned(), parent: None }
        }
        "run_end" => Role::Event { key: RUN.to_owned(), parent: None },
        _ => {
            if let Some(label) = label {
                labels("name");
                facts.name = label;
            }
            let id =
                text("agent_inspector.event_id").unwrap_or_else(|| format!("{}:{}", view.name, found.start));
            Role::Event { key: id, parent: Some(RUN.to_owned()) }
        }
    };
}
