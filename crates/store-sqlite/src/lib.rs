//! The embedded store: everything in one SQLite file.
//!
//! The way in, driven by the thread in `writer`: `write` (contents interned, lists coded, rows written, all in one
//! transaction) → reply → `derive` (runs, by the pure crate `project`) → `text` (search index). The way out: `read`. What
//! makes it smaller: `retain`. What finds facts again when rules change: `reproject`. What looks for damage: `check`, and `salvage` copies what can be read. The database itself:
//! `schema`; how things are written as bytes: `encode`; reading the parts: `blocks` and `groups`.
//!
//! Not here: OTLP, dialects, canonical messages, prices (it is given functions), HTTP.

// SQLite knows only `i64`: each conversion is checked where it stands.
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod blocks;
mod check;
mod clock;
mod commits;
mod damage;
mod derive;
mod directory;
mod encode;
mod error;
#[cfg(test)]
mod faults;
#[doc(hidden)]
pub mod fuzzed;
mod gate;
mod groups;
mod isolate;
mod lock;
mod maintenance;
mod progress;
mod quarantine;
mod read;
mod reproject;
mod retain;
mod rollups;
mod salvage;
mod schema;
#[cfg(test)]
mod step_count;
mod store;
mod text;
mod write;
mod writer;

pub use check::{Damage, Report, check};
pub use lock::owner;
pub use salvage::{Salvaged, salvage};
pub use schema::FILE;
pub use store::{Options, SqliteStore};
