//! How facts are found in what was sent. Stores know no dialects: they are given a function.

use std::sync::Arc;
use turnscope_model::Record;

/// Gives the record that a stored one's bytes make today. An error says why it is to stay as it is.
pub type RecordAgain =
    dyn Fn(&Record) -> Result<Record, Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// Rules by which facts are found, as a store sees them.
#[derive(Clone)]
pub struct Rules {
    /// Differs when `again` may. A store whose records were made by rules of another version finds their facts again.
    pub version: i64,
    /// Looks at one record again.
    pub again: Arc<RecordAgain>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("version", &self.version).finish_non_exhaustive()
    }
}

/// How far a store has come in finding facts again, now or the last time since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reprojection {
    /// Something is left to look at.
    pub is_running: bool,
    /// Records looked at.
    pub done: u64,
    /// Records that are still to be looked at.
    pub left: u64,
    /// Of those looked at, how many are different now.
    pub changed: u64,
}
