//! Keeps records, each message once, and answers what runs they make.
//!
//! The way in: [`Store::commit`] → `commit` (contents interned, lists coded, rows written, all in one transaction) →
//! reply → `projector` (runs derived by the pure [`project`]) → `search`. The way out: [`Store::read`] with the
//! questions of [`query`].
//!
//! Not here: OTLP, dialects, canonical messages, prices (it is given a function), HTTP.

mod bases;
mod blocks;
mod body;
mod commit;
mod content;
mod contexts;
mod edit;
mod facts_row;
#[cfg(test)]
mod faults;
mod hash_index;
mod intern;
mod known;
mod lock;
mod next_ids;
mod nodes;
mod pack;
mod pricing;
pub mod project;
mod projector;
pub mod query;
mod repack;
mod retain;
mod retain_part;
mod search;
mod sqlite;
mod store;
mod sweep;
mod units;
mod writer;

pub use commit::{Batch, MetricRow, Stored};
pub use edit::{NewScore, ScoreChange};
pub use lock::owner;
pub use pricing::{PriceOf, Pricing};
pub use projector::Change;
pub use retain::{Pruned, Retention};
pub use search::TextOf;
pub use sqlite::StoreError;
pub use store::{Counters, FILE, Options, ReadOnly, Reader, Store};
pub use writer::CommitError;
