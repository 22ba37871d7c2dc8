//! The rules by which facts are found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rules in force.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Dialects {
    /// The file of your own rules, whether it is there or not.
    pub file: String,
    /// What is wrong with the file; the rules before it stay in force. Null when nothing is.
    pub file_error: Option<String>,
    /// Your own dialects, in the order in which they are asked.
    pub own: Vec<OwnDialect>,
    /// The dialects that are built in.
    pub built_in: Vec<String>,
    /// The names of facts that a rule can give.
    pub facts: Vec<String>,
}

/// A dialect of your own rules.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct OwnDialect {
    /// Its name.
    pub name: String,
    /// The kinds of steps that it has rules for.
    pub kinds: Vec<String>,
    /// The facts that it gives.
    pub facts: Vec<MappedFact>,
}

/// Where a fact stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct MappedFact {
    /// The fact.
    pub name: String,
    /// The attributes, best first; a path into their JSON follows after ` > `.
    pub attributes: Vec<String>,
}
