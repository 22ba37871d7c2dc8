//! Where bytes lie in the store: blocks, which hold many bodies and contents and are compressed as a whole. Reading them,
//! and looking at their checksums. Writing them: `write/pack.rs`.

mod cache;
mod checksum;

pub(crate) use cache::Blocks;
pub(crate) use checksum::{check_block, first_damaged_block};

/// A block within the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockId(pub(crate) i64);

impl BlockId {
    /// No block: of a record whose contents were deleted. Blocks are numbered from 1.
    pub(crate) const NONE: Self = Self(0);
}

/// Where bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) block: BlockId,
    pub(crate) off: u32,
    pub(crate) len: u32,
}

impl Location {
    /// The location in three columns, beginning with this one.
    pub(crate) fn from_row(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self { block: BlockId(row.get(first)?), off: row.get(first + 1)?, len: row.get(first + 2)? })
    }
}
