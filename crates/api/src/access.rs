//! Who may read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = crate::schema::written_whole)]
pub struct Access {
    /// A key is set; without one everyone who reaches the server may read.
    pub key_required: bool,
    /// This client may read.
    pub signed_in: bool,
}

/// The key, once.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The server's API key.
    pub key: String,
}
