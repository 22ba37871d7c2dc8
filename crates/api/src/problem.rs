//! Errors as `application/problem+json` (RFC 9457): what is wrong, and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error reply.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Problem {
    /// The kind of problem, stable.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong.
    pub title: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where in `q` it is wrong, in characters from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// How many characters of `q` are wrong; 0 at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// The runs that an ambiguous id could mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_ids: Option<Vec<String>>,
}
