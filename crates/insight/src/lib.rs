//! Pure functions over runs: differences between contexts, costs of calls, where time went, summaries.
//!
//! Input: plain data from `model`. Not here: I/O, SQL, HTTP, the clock.

pub mod context;
pub mod cost;
pub mod summary;
pub mod time;
