//! Why the facts of a step are what they are, and what was sent that no rule understood.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Why the facts of a step are what they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct StepExplanation {
    /// The run that was asked for.
    pub run_id: String,
    /// The step.
    pub step_id: String,
    /// The step's name.
    pub name: String,
    /// The step's kind.
    pub kind: String,
    /// The records that the step is made of: its own first. None for a step that only messages tell of.
    pub records: Vec<ExplainedRecord>,
    /// Every fact that is known, and every fact for which something was sent that gave none.
    pub facts: Vec<FactExplanation>,
    /// What was sent and not understood, what looks most like a fact first.
    pub not_understood: Vec<NotUnderstood>,
}

/// A record that a step is made of.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct ExplainedRecord {
    /// `span` or `log`.
    pub signal: String,
    /// The name of the span or of the log record's event.
    pub name: String,
    /// The span that it is, or names; null when there is none.
    pub span_id: Option<String>,
    /// `service.name` of its resource; null when nothing says it.
    pub service_name: Option<String>,
    /// The instrumentation scope; null when nothing says it.
    pub scope_name: Option<String>,
    /// The way of writing that was recognised; null when none was.
    pub dialect: Option<String>,
    /// Facts that the rules find otherwise today than when the record was stored. The step still has them as stored.
    pub changed_since: Vec<String>,
}

/// Why a fact is what it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct FactExplanation {
    /// The fact, such as `input_tokens`.
    pub fact: String,
    /// Its value, long contents cut short; null where nothing that was sent gave one.
    pub value: Json,
    /// Where it stands; several places where several gave it together.
    pub given_by: Vec<FactPlace>,
    /// The rules beyond the order of places, in words.
    pub how: Vec<String>,
    /// Other places that hold something for it.
    pub set_aside: Vec<FactSetAside>,
}

/// A place that a fact is read from.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct FactPlace {
    /// Which of `records`, from 0; null where the fact follows from the run or from the price list.
    pub record: Option<usize>,
    /// `attribute`, `resource`, `event`, `name`, `scope`, `status`, `links`, `body`, `rule`, `run` or `prices`.
    pub place: String,
    /// The attribute's key; null where it is none.
    pub key: Option<String>,
    /// The path in the JSON that the attribute holds; empty for the attribute itself.
    pub path: Vec<String>,
    /// The event that holds the attribute, or is meant itself; null elsewhere.
    pub event: Option<String>,
    /// Its rank in the list of places for this fact: 1 is the best. Null where it is in no list.
    pub rank: Option<u16>,
    /// The place in words.
    pub text: String,
}

/// A place that holds something for a fact and did not give it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct FactSetAside {
    /// The place.
    #[serde(flatten)]
    pub place: FactPlace,
    /// What it holds, cut short.
    pub value: Json,
    /// Why it did not give the fact.
    pub why: String,
}

/// Something that was sent and that no rule understood.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct NotUnderstood {
    /// The first of `records` that holds it, from 0.
    pub record: usize,
    /// `attribute`, `span_event`, `log_event`, or `operation`: a word for the kind of work under an attribute that is
    /// known.
    pub what: String,
    /// The attribute's key, the event's name, or the word.
    pub key: String,
    /// The shape of the value, such as `integer` or `text of 12 characters`; of an event, that of its attributes.
    pub shape: String,
    /// The value, cut short; of an event, its attributes.
    pub example: Json,
    /// What it looks like: `tokens`, `model`, `messages`, `tool`, `agent`, `cost`, `id`, `error` or `kind`; null when it looks
    /// like no fact.
    pub looks_like: Option<String>,
    /// Why nobody is likely to look for a fact in it; null when somebody may.
    pub of_no_interest: Option<String>,
}
