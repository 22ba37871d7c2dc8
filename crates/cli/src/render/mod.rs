//! Rendering JSON as text: pure functions of the data and the terminal style.

pub(crate) mod audit;
pub(crate) mod dialects;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod header;
pub(crate) mod human;
pub(crate) mod messages;
pub(crate) mod pointer;
pub(crate) mod pricing;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod table;
pub(crate) mod terminal_style;
mod tree;
pub(crate) mod unmapped;

#[cfg(test)]
mod tests;
