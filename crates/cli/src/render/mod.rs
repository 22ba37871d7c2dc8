//! From JSON to text: pure functions of what is shown and how it is to look. No I/O, no clock.

pub(crate) mod audit;
pub(crate) mod doctor;
pub(crate) mod header;
pub(crate) mod human;
pub(crate) mod look;
pub(crate) mod messages;
pub(crate) mod pricing;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod table;
mod tree;

#[cfg(test)]
mod tests;
