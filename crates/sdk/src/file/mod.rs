//! The trace file: finished spans as lines of OTLP/JSON, optionally compressed and encrypted, and read back.
//!
//! A plain file has a line for each span. A compressed file is a series of gzip members, one for each batch,
//! so that `zcat` reads it. An encrypted file has one Fernet token a line, each with a plain or compressed
//! batch. One file may mix all of these.

#[cfg(feature = "encryption")]
mod fernet;
#[cfg(feature = "gzip")]
mod gzip;
mod key;
mod otlp_json;
mod read;
#[cfg(not(all(feature = "encryption", feature = "gzip")))]
mod unsupported;
mod write;

#[cfg(not(feature = "gzip"))]
use unsupported::gzip;

pub use key::{EncryptionKey, InvalidKey};
pub use read::{ReadError, TraceFile};
pub(crate) use write::FileExporter;
