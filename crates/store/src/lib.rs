//! What the rest of the system knows of storage: the traits [`Store`] and [`Reader`], and what goes in and out.
//!
//! Calls are batched and answer with plain data of `query`, `project` and `model`, so that an implementation over a
//! network needs one round trip for each. [`conformance`] has the tests that every implementation must pass.
//!
//! Not here: any implementation, SQL, OTLP, dialects, prices, HTTP.

// Counts and times have one width here and another at a client or in a database: each conversion is checked where it
// stands.
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod batch;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod limit;
mod pricing;
mod reader;
mod retention;
mod rules;
mod store;
mod token;

pub use batch::{Batch, Committed, MetricRow, Stored};
pub use error::{CommitError, StoreError, Unreadable};
pub use limit::ReadLimit;
pub use pricing::{PriceOf, Pricing};
pub use reader::{ContextList, LooseRecords, Reader, StoredBody, StoredContent, StoredMetric};
pub use retention::{apply_rules, retain};
pub use rules::{RecordAgain, Reprojection, Rules};
pub use store::{
    Change, ChangeListener, CommitReply, Counters, Health, Maintenance, Store, catch_up, commit_and_wait,
};
pub use token::{BadToken, CommitToken};

use turnscope_model::{Form, Purpose};

/// Gives the searchable text of one content. Stores know no message formats, so they are given this.
pub type TextOf = fn(Form, Purpose, &[u8]) -> String;
