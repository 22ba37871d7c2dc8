//! Pure functions over runs: what the difference of two contexts says, what calls cost, a summary in words.
//!
//! In: plain data of `model`. Not here: I/O, SQL, HTTP, the clock.

pub mod context;
pub mod cost;
pub mod summary;
