//! Scores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An evaluation's result or a human's mark.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Score {
    /// The score's own id: what `PATCH` and `DELETE` take.
    pub score_id: String,
    /// The run that is marked, or in which the mark is.
    pub run_id: String,
    /// The step that is marked; null when it is none.
    pub step_id: Option<String>,
    /// The turn that is marked, from 1; null when it is none.
    pub turn: Option<u64>,
    /// What was measured, such as `helpful`.
    pub name: String,
    /// The result as a number; null when there is only a label.
    pub value: Option<f64>,
    /// The result as a word, such as `good`; null when there is only a number.
    pub label: Option<String>,
    /// The explanation; null when there is none.
    pub comment: Option<String>,
    /// `attribute`, `event`, `api` or `person`.
    pub source: String,
    /// When it was given, milliseconds since the epoch.
    pub created_at: i64,
}

/// The scores of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Scores {
    /// Oldest first.
    pub scores: Vec<Score>,
}

/// A score to be given: a name with a number, a label, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreBody {
    /// What was measured; must not be empty.
    pub name: String,
    /// The result as a number; it or `label` must be there.
    pub value: Option<f64>,
    /// The result as a word; it or `value` must be there.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
    /// The step that is marked; left out when it is none.
    pub step_id: Option<String>,
    /// The turn that is marked, from 1; left out when it is none.
    pub turn: Option<u64>,
    /// `api` (default) or `person`.
    pub source: Option<String>,
    /// Its id, where it was given before and is imported: nothing is added where the score is there already. Up to 64 letters,
    /// digits, `-` and `_`.
    pub score_id: Option<String>,
    /// When it was given, milliseconds since the epoch, where it is imported; left out for now.
    pub created_at: Option<i64>,
}

/// New contents of a score; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreChangeBody {
    /// The result as a number.
    pub value: Option<f64>,
    /// The result as a word.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
}
