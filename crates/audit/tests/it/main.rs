//! The trail as a whole, through its files.

mod appending;
mod processes;
mod pruning;
mod reading;
mod tampering;
mod world;
