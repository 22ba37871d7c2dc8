//! One file per subcommand, with its arguments and its function.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
mod filter;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod pricing;
pub(crate) mod prune;
mod reading;
pub(crate) mod redact;
mod roots;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod summary;
pub(crate) mod tail;
mod unreadable;
pub(crate) mod vacuum;
