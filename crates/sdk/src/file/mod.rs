//! The trace file: finished spans as lines of JSON, optionally compressed and encrypted, and read back.
//!
//! A plain file has a line for each span. A compressed file is a series of gzip members, one for each batch,
//! so that `zcat` reads it. An encrypted file has one Fernet token a line, each with a plain or compressed
//! batch. One file may mix all of these.

mod fernet;
mod read;
mod write;

pub use fernet::{EncryptionKey, InvalidKey};
pub use read::{ReadError, TraceFile};
pub(crate) use write::FileExporter;
