//! Tests of the whole trail, through its files.

mod appending;
mod processes;
mod pruning;
mod reading;
mod tampering;
mod world;
