//! The records of one resource, on their way from a file to requests.
//!
//! What belongs to a resource or scope as a whole may stand behind its records (the collector writes the schema URL there), so
//! records wait until it is known: in memory while they are few, in a temporary file otherwise.

use super::piece::{Encoding, Header, Piece, Signal};
use crate::exit::{Failure, Outcome};
use std::{
    collections::VecDeque,
    io::{self, Read as _, Seek as _, Write as _},
};
use tempfile::SpooledTempFile;

/// Bytes kept in memory.
const IN_MEMORY: usize = 8 << 20;

/// Records as they are read, scope by scope.
pub(super) struct Spool {
    file: SpooledTempFile,
    scopes: VecDeque<(Header, u64)>,
    /// Records since the last scope ended.
    open: u64,
    bytes: u64,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { file: SpooledTempFile::new(IN_MEMORY), scopes: VecDeque::new(), open: 0, bytes: 0 }
    }

    /// Adds a record of the scope at hand.
    pub(super) fn record(&mut self, record: &[u8]) -> Outcome {
        let length = record.len() as u64;
        let written = self.file.write_all(&length.to_be_bytes()).and_then(|()| self.file.write_all(record));
        written.map_err(|error| no_room(&error))?;
        self.open += 1;
        self.bytes += length;
        Ok(())
    }

    /// Ends the scope at hand, which has this header.
    pub(super) fn end_scope(&mut self, header: Vec<u8>) {
        self.scopes.push_back((header.into(), std::mem::take(&mut self.open)));
    }

    /// Ends the resource, which has this header.
    pub(super) fn end_resource(
        mut self,
        header: Vec<u8>,
        signal: Signal,
        encoding: Encoding,
    ) -> Result<Spooled, Failure> {
        self.file.rewind().map_err(|error| no_room(&error))?;
        Ok(Spooled { spool: self, resource: header.into(), signal, encoding, ahead: None })
    }
}

/// The records of one resource, read back piece by piece.
pub(super) struct Spooled {
    spool: Spool,
    resource: Header,
    signal: Signal,
    encoding: Encoding,
    /// A record that did not fit into the piece before.
    ahead: Option<Vec<u8>>,
}

impl Spooled {
    /// The bytes of all records.
    pub(super) const fn bytes(&self) -> u64 {
        self.spool.bytes
    }

    /// The next records of one scope, about this many bytes at most. A larger record is alone.
    pub(super) fn next_piece(&mut self, size: usize) -> Result<Option<Piece>, Failure> {
        while self.spool.scopes.front().is_some_and(|(_, left)| *left == 0) {
            self.spool.scopes.pop_front();
        }
        let Some((scope, left)) = self.spool.scopes.front_mut() else { return Ok(None) };
        let mut records = Vec::new();
        let mut filled = 0_usize;
        while *left > 0 {
            let record = match self.ahead.take() {
                Some(record) => record,
                None => next(&mut self.spool.file).map_err(|error| no_room(&error))?,
            };
            filled = filled.saturating_add(record.len() + 1);
            if filled > size && !records.is_empty() {
                self.ahead = Some(record);
                break;
            }
            records.push(record);
            *left -= 1;
        }
        let (scope, resource) = (scope.clone(), self.resource.clone());
        Ok(Some(Piece { signal: self.signal, encoding: self.encoding, resource, scope, records }))
    }
}

fn next(file: &mut SpooledTempFile) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_be_bytes(length);
    let mut record = Vec::new();
    io::Read::take(file, length).read_to_end(&mut record)?;
    Ok(record)
}

/// The temporary file cannot be written or read back.
fn no_room(error: &io::Error) -> Failure {
    Failure::failed(format!("cannot use a temporary file: {error}"))
        .hint("large files need room there: set TMPDIR to a directory that has it")
}
