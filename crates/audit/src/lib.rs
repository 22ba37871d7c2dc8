//! The audit trail: one record per run and one per policy decision, in `audit.db` in the data directory.
//!
//! Records are only ever added, by as many processes at once as there are. They are chained under a keyed MAC, so that a
//! record that was changed, removed, moved or slipped in is found by [`Reader::verify`], which says which. Two things cannot
//! be seen from the file alone: that the last records were cut off, or that the whole file was put back to an earlier
//! state. Against both, keep the [`Head`] somewhere else and verify against it.
//!
//! Who holds the key can write anything: keep it from those whose doings are recorded (see `docs/audit.md`).
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
//! assert!(!report.end_is_proved, "without a head kept elsewhere");
//! # Ok(())
//! # }
//! ```
//!
//! Not here: what a run or a verdict is (`turnscope-model`), where records come from (agents; the server), rendering.

mod chain;
mod entry;
mod error;
mod head;
mod key;
mod prune;
mod read;
mod report;
mod table;
mod trail;
mod verify;

pub use entry::{Decision, Entry, Record, RunEntry, Source};
pub use error::AuditError;
pub use head::Head;
pub use key::Key;
pub use prune::Pruned;
pub use read::{Filter, Reader};
pub use report::{Finding, Report};
pub use table::fields;
pub use trail::Trail;

/// The trail's file within the data directory.
pub const FILE: &str = "audit.db";
/// The key's file beside it, where no key is given.
pub const KEY_FILE: &str = "audit.key";
