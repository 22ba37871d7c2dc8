//! Packs bodies and contents into blocks, and compresses each block as a whole.
//!
//! A block of one run's text compresses far better and faster than its pieces, and what stands in it twice (a tool's
//! result in its span and in the next call's messages) costs almost nothing the second time. zstd's checksum goes with
//! each block, so that damage is noticed when it is read.

use crate::{
    blocks::{BlockId, Location},
    error::{Error, Result},
};
use rusqlite::Transaction;
use zstd::zstd_safe::CParameter;

/// A block is closed at the first record boundary past this many bytes: small enough to be read for one message,
/// large enough to compress well.
const BLOCK_BYTES: usize = 128 * 1024;
/// zstd's level: 3 costs half as much again as 1 for a few per cent; see benches/.
const LEVEL: i32 = 1;
/// zstd's level for blocks that are rewritten, when there is time.
const REWRITE_LEVEL: i32 = 3;

/// Collects bytes into the current block and writes full ones.
pub(crate) struct Packer {
    next_block: BlockId,
    buffer: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl Packer {
    pub(crate) fn new(next_block: i64) -> Result<Self> {
        let compressor = compressor(LEVEL)?;
        Ok(Self { next_block: BlockId(next_block), buffer: Vec::with_capacity(2 * BLOCK_BYTES), compressor })
    }

    /// Appends bytes to the current block.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<Location> {
        self.append_with(|buffer| buffer.extend_from_slice(bytes))
    }

    /// Appends what `write` writes.
    pub(crate) fn append_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<Location> {
        let off = self.buffer.len();
        write(&mut self.buffer);
        let number = |bytes: usize| {
            u32::try_from(bytes).map_err(|_| Error::damaged("a block would be larger than 4 GiB"))
        };
        Ok(Location { block: self.next_block, off: number(off)?, len: number(self.buffer.len() - off)? })
    }

    /// Closes the current block if it is full.
    pub(crate) fn record_ends(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if self.buffer.len() >= BLOCK_BYTES { self.flush(tx) } else { Ok(()) }
    }

    /// Writes the current block, if it holds anything.
    pub(crate) fn flush(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let data = self.compressor.compress(&self.buffer).map_err(Error::compress)?;
        tx.prepare_cached("INSERT INTO blocks (id, size, data) VALUES (?1, ?2, ?3)")?.execute((
            self.next_block.0,
            self.buffer.len(),
            data,
        ))?;
        self.next_block.0 += 1;
        self.buffer.clear();
        if self.buffer.capacity() > 16 * BLOCK_BYTES {
            self.buffer.shrink_to(2 * BLOCK_BYTES);
        }
        Ok(())
    }

    /// Forgets what was not written, after a transaction was rolled back.
    pub(crate) fn reset(&mut self) {
        self.buffer.clear();
    }
}

fn compressor(level: i32) -> Result<zstd::bulk::Compressor<'static>> {
    let mut compressor = zstd::bulk::Compressor::new(level).map_err(Error::compress)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true)).map_err(Error::compress)?;
    Ok(compressor)
}

/// Compresses a block that is rewritten.
pub(crate) fn compress(raw: &[u8]) -> Result<Vec<u8>> {
    compressor(REWRITE_LEVEL)?.compress(raw).map_err(Error::compress)
}
