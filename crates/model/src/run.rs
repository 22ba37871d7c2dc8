//! Statuses and scores, as the surface names them. The figures of a run come from the crate `project`.

use crate::{RunId, ScoreSource, StepId};
use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The root has not ended.
    Running,
    /// A person is asked and has not answered.
    Waiting,
    /// The root ended well.
    Completed,
    /// The root ended with an error.
    Failed,
    /// The root has not come after a silence.
    Incomplete,
}

impl RunStatus {
    /// The name on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Begun and not ended.
    Running,
    /// A tool call that was asked for and has not run.
    Pending,
    /// A person is asked here, and has not answered.
    Waiting,
    /// Ended well.
    Ok,
    /// Failed.
    Error,
}

impl StepStatus {
    /// The name on the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// An evaluation's result or a human's mark on a run, a turn or a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Its own id: 32 hex digits.
    pub score_id: String,
    /// The run.
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
    /// Where it came from.
    pub source: ScoreSource,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}
