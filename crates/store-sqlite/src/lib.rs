//! The embedded store: everything in one SQLite file.
//!
//! The way in: `write` (contents interned, lists coded, rows written, all in one transaction) → reply → `derive` (runs,
//! by the pure crate `project`) → `text` (search index). The way out: `read`. What makes it smaller: `retain`. What looks
//! for damage: `check`. The database itself: `schema`; how things are written as bytes: `encode`.
//!
//! Not here: OTLP, dialects, canonical messages, prices (it is given functions), HTTP.

// SQLite knows only `i64`: each conversion is checked where it stands.
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod check;
mod clock;
mod damage;
mod derive;
mod directory;
mod encode;
mod error;
#[cfg(test)]
mod faults;
mod isolate;
mod lock;
mod quarantine;
mod read;
mod retain;
mod schema;
mod store;
mod text;
mod write;

pub use check::{Damage, Report, Salvaged, check, salvage};
pub use lock::owner;
pub use store::{FILE, Options, SqliteStore};
