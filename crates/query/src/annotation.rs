//! What people and programs add to runs.

use turnscope_model::{RunId, ScoreSource, StepId};

/// A score to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct NewScore {
    /// The run, already resolved.
    pub run_id: RunId,
    /// The step inside the run, if it is about one.
    pub step_id: Option<StepId>,
    /// The turn inside the run, if it is about one.
    pub turn: Option<u64>,
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: Option<f64>,
    /// The label.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
    /// API or person.
    pub source: ScoreSource,
    /// Its id, where it was given before and comes back; nothing is added where there is a score of this id.
    pub score_id: Option<String>,
    /// When it was given, in milliseconds since the epoch; now, if nothing is said.
    pub created_at: Option<i64>,
}

/// New contents of a score; `None` leaves what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreChange {
    /// The figure.
    pub value: Option<f64>,
    /// The label.
    pub label: Option<String>,
    /// The explanation.
    pub comment: Option<String>,
}
