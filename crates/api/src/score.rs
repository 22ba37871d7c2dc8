//! Scores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An evaluation's result or a human's mark.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Score {
    pub score_id: String,
    pub run_id: String,
    pub step_id: Option<String>,
    pub turn: Option<u64>,
    pub name: String,
    pub value: Option<f64>,
    pub label: Option<String>,
    pub comment: Option<String>,
    /// `attribute`, `event`, `api` or `person`.
    pub source: String,
    pub created_at: i64,
}

/// The scores of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Scores {
    pub scores: Vec<Score>,
}

/// A score to be given: a name with a number, a label, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreBody {
    pub name: String,
    pub value: Option<f64>,
    pub label: Option<String>,
    pub comment: Option<String>,
    /// Points inside the run.
    pub step_id: Option<String>,
    /// Points inside the run.
    pub turn: Option<u64>,
    /// `api` (default) or `person`.
    pub source: Option<String>,
}

/// New contents of a score; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreChangeBody {
    pub value: Option<f64>,
    pub label: Option<String>,
    pub comment: Option<String>,
}
