//! What a search in content finds.

use crate::SearchCursor;
use turnscope_model::{ContentHash, Form, Purpose, RunId, StepId};

/// One content that holds what was searched for.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The content's hash, a message's `id`.
    pub hash: ContentHash,
    /// How it is written.
    pub form: Form,
    /// What it was first met as.
    pub purpose: Purpose,
    /// The content.
    pub bytes: Vec<u8>,
    /// Where runs met it first, newest first.
    pub occurrences: Vec<Occurrence>,
}

/// Where a run met a content for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The run.
    pub run_id: RunId,
    /// The run's name.
    pub run_name: String,
    /// The turn within the run.
    pub turn: Option<u64>,
    /// The step.
    pub step_id: StepId,
    /// The step's name.
    pub step_name: String,
    /// When the step began, in nanoseconds since the epoch.
    pub start: u64,
}

/// One page of hits, newest content first.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// The hits.
    pub hits: Vec<Hit>,
    /// Where the next page goes on, if there may be one.
    pub next: Option<SearchCursor>,
}
