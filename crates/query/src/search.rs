//! What a search in content finds.

use crate::{Phrase, RunFilter, SearchCursor};
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

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    /// Words and phrases, all of which one content must hold.
    pub phrases: Vec<Phrase>,
    /// Only in these runs.
    pub filter: RunFilter,
    /// Only texts that were first met as one of these; empty: as anything.
    pub purposes: Vec<Purpose>,
    /// Hits on a page at most.
    pub limit: u32,
    /// Where the page before ended.
    pub after: Option<SearchCursor>,
}

/// One page of hits, newest content first.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// The hits. A page may hold fewer than were asked for and still not be the last: a store looks through a bounded
    /// amount of text for each page.
    pub hits: Vec<Hit>,
    /// Where the next page goes on, if there may be one.
    pub next: Option<SearchCursor>,
    /// How many contents of these purposes hold all phrases, in any run. Only with the first page.
    pub matches: Option<Matches>,
}

/// A number of contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matches {
    /// As many were counted.
    pub count: u64,
    /// There are no more.
    pub is_exact: bool,
}
