//! The search index over contents.

mod indexer;

pub(crate) use indexer::Indexer;
