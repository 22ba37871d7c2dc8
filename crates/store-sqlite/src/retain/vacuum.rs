//! Makes the file as small as what it holds, in slices.

use super::{
    repack::repack_some,
    shrink::{is_incremental, shrink_to},
};
use crate::{blocks::BlockId, error::Result, writer::Writer};

/// How far a vacuum has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vacuum {
    /// Blocks after this one are still to be looked at.
    Repack(BlockId),
    /// Free pages are to be given back.
    Shrink,
    Done,
}

impl Default for Vacuum {
    fn default() -> Self {
        Self::Repack(BlockId(0))
    }
}

impl Vacuum {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Does one slice of the work.
    pub(crate) fn step(&mut self, writer: &mut Writer) -> Result<()> {
        *self = match *self {
            Self::Repack(after) => repack_some(writer, after)?.map_or(Self::Shrink, Self::Repack),
            Self::Shrink if !is_incremental(&writer.db)? => {
                rewrite(writer)?;
                Self::Done
            }
            Self::Shrink if shrink_to(&writer.db, 0)? => {
                writer.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
                Self::Done
            }
            done => done,
        };
        Ok(())
    }
}

/// Rewrites a file that an earlier version made, so that from then on it shrinks in slices. This cannot be cut up, but the
/// end of the process interrupts it.
fn rewrite(writer: &Writer) -> Result<()> {
    let _interruptible = writer.progress.maintenance.interruptible(writer.db.get_interrupt_handle());
    writer.db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}
