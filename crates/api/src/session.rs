//! Sessions: runs that the application says belong together.

use crate::{
    outcome::{Money, Usage},
    run::Run,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which sessions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionsQuery {
    pub limit: Option<u32>,
    pub offset: Option<u32>,
    pub user_id: Option<String>,
}

/// Runs that the application says belong together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Session {
    pub session_id: String,
    pub user_id: Option<String>,
    pub run_count: u64,
    pub turn_count: u64,
    pub error_count: u64,
    pub usage: Option<Usage>,
    #[serde(flatten)]
    pub money: Money,
    pub started_at: i64,
    pub last_seen_at: i64,
    pub input_preview: Option<String>,
}

/// Sessions, the one with the latest run first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Sessions {
    pub sessions: Vec<Session>,
}

/// One session's runs, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct SessionRuns {
    pub session_id: String,
    pub runs: Vec<Run>,
}
