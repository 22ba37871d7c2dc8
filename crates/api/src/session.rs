//! Sessions: runs that the application says belong together.

use crate::{
    outcome::{Money, Usage},
    run::ListedRun,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which sessions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionsQuery {
    /// Sessions on the page, 1 to 1000; default 50.
    pub limit: Option<u32>,
    /// Sessions to leave out before the page. `cursor` misses nothing while runs arrive.
    pub offset: Option<u32>,
    /// `next_cursor` of the page before, with the same user.
    pub cursor: Option<String>,
    /// Only sessions of this user.
    pub user_id: Option<String>,
}

/// Runs that the application says belong together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Session {
    /// The session's name, as the application says.
    pub session_id: String,
    /// The user of its runs; null when the application names none.
    pub user_id: Option<String>,
    /// Its topmost runs: those that no other run of the session started.
    pub run_count: u64,
    /// Turns of all its runs, child runs too.
    pub turn_count: u64,
    /// Tool calls of all its runs, child runs' too.
    pub tool_call_count: u64,
    /// Steps that failed, child runs' too.
    pub error_count: u64,
    /// What its topmost runs took together, milliseconds with fractions; the time between them is not in it.
    pub duration_ms: f64,
    /// Tokens of all its runs; null when nothing is known.
    pub usage: Option<Usage>,
    /// What all its runs cost.
    #[serde(flatten)]
    pub money: Money,
    /// When the first run began, milliseconds since the epoch.
    pub started_at: i64,
    /// The latest time seen on any of its steps, milliseconds since the epoch.
    pub last_seen_at: i64,
    /// The first 500 characters of what was asked first; null when content was not captured.
    pub input_preview: Option<String>,
}

/// Sessions, the one with the latest run first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Sessions {
    /// The page of sessions.
    pub sessions: Vec<Session>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many there are in all.
    pub total: u64,
}

/// Which part of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionQuery {
    /// Runs on the page, 1 to 1000; default 1000.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same order.
    pub cursor: Option<String>,
    /// `-started_at` (default: newest first) or `started_at`.
    pub order: Option<String>,
}

/// One session: what its runs sum up to, and the runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct SessionRuns {
    /// The session that was asked for.
    pub session_id: String,
    /// What all its runs sum up to; null where some are damaged and cannot be read.
    pub session: Option<Session>,
    /// The page of its topmost runs: those that no other run of the session started.
    pub runs: Vec<ListedRun>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many there are in all; null where more than 10,000 runs would have to be looked at to count them.
    pub total: Option<u64>,
    /// Runs of the page that are damaged and could not be read, each with the reason.
    pub unreadable: Vec<String>,
}
