//! REST: each handler in the file that is named after what it gives. Which path leads to it: `routes.rs`.

pub(crate) mod about_run;
pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod dataset;
pub(crate) mod dialects;
pub(crate) mod health;
pub(crate) mod loose;
pub(crate) mod maintain;
pub(crate) mod metrics;
pub(crate) mod parameters;
pub(crate) mod pricing;
pub(crate) mod runs;
pub(crate) mod scores;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod stats;
pub(crate) mod stream;
pub(crate) mod timeline;
pub(crate) mod traces;
pub(crate) mod unmapped;
