//! Sessions: runs that the application says belong together.

use crate::SessionCursor;
use turnscope_model::{Costs, Usage};

/// One session's summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// As the application says.
    pub session_id: String,
    /// The user of its runs.
    pub user_id: Option<String>,
    /// Its topmost runs: those that no other run of the session started.
    pub run_count: u64,
    /// Turns of all runs.
    pub turn_count: u64,
    /// Tool calls of all runs.
    pub tool_call_count: u64,
    /// Failed steps of all runs.
    pub error_count: u64,
    /// What its topmost runs took together, in nanoseconds.
    pub duration: i64,
    /// Tokens of all runs.
    pub usage: Usage,
    /// What all runs cost.
    pub costs: Costs,
    /// When the first run began, in nanoseconds since the epoch.
    pub start: i64,
    /// The latest time seen, in nanoseconds since the epoch.
    pub last_seen: i64,
    /// The first question.
    pub input_preview: Option<String>,
}

/// One page of sessions, the one with the latest run first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// Where the next page goes on, if there is one.
    pub next: Option<SessionCursor>,
    /// How many sessions there are in all; more than 10,000 need not be counted exactly.
    pub total: u64,
}
