//! The audit trail: a record for each run and each policy decision, in `audit.db` in the data directory.
//!
//! Records are append-only, and any number of processes may append at once. They are chained with a keyed
//! MAC, so [`Reader::verify`] finds and names any record that was changed, removed, moved or inserted. Two
//! things cannot be detected from the file alone: removing the last records, and restoring an older copy of
//! the whole file. To detect these, store the [`Head`] elsewhere and verify against it.
//!
//! Whoever has the key can forge records: keep it away from those whose actions are recorded (see
//! `docs/audit.md`).
//!
//! ```
//! use turnscope_audit::{Entry, Key, Reader, RunEntry, Source, Trail};
//!
//! # fn main() -> Result<(), turnscope_audit::AuditError> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let directory = directory.path();
//! let mut trail = Trail::open(directory, None)?;
//! let run = RunEntry { agent: Some("triage".into()), started_at: 1_000, ended_at: 2_000, success: true, ..RunEntry::default() };
//! trail.append(&Entry::Run(run), Source::Agent, 2_001)?;
//!
//! let report = Reader::open(directory)?.verify(&Key::of(directory)?, None)?;
//! assert!(report.is_intact());
//! assert!(!report.end_is_proved, "a head stored elsewhere would prove it");
//! # Ok(())
//! # }
//! ```
//!
//! Not here: the meaning of runs and verdicts (`turnscope-model`), the writers of records (agents, the
//! server), and rendering.

mod chain;
mod entry;
mod error;
mod head;
mod key;
mod prune;
mod read;
mod report;
mod schema;
mod table;
mod trail;
mod verify;

pub use entry::{Decision, Entry, Record, RunEntry, Source};
pub use error::AuditError;
pub use head::Head;
pub use key::Key;
pub use prune::Pruned;
pub use read::{Filter, Reader};
pub use report::{Finding, Report, SchemaProblem};
pub use table::fields;
pub use trail::Trail;

/// The trail's file in the data directory.
pub const FILE: &str = "audit.db";
/// The key file, used unless the caller passes a key.
pub const KEY_FILE: &str = "audit.key";
