//! What a deletion took, for those who remember it.

use turnscope_model::{ContentHash, TraceGroupId};
use turnscope_store::Change;

/// What is no more.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// Trace groups of which nothing is left.
    pub(crate) groups: Vec<TraceGroupId>,
    /// The keys of those whose rows went too.
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) contents: Vec<ContentHash>,
    pub(crate) changes: Vec<Change>,
    pub(crate) records: u64,
}
