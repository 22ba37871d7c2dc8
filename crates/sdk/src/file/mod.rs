//! The trace file: finished spans as lines of JSON, compressed and encrypted where that is asked for, and read back.
//!
//! Batch by batch: a plain file has a line for each span; a compressed one is a series of gzip members, so that `zcat` reads
//! it; an encrypted one has a Fernet token a line, each with a batch in either form. A file may change between them.

mod fernet;
mod read;
mod write;

pub use fernet::{EncryptionKey, InvalidKey};
pub use read::{ReadError, TraceFile};
pub(crate) use write::FileExporter;
