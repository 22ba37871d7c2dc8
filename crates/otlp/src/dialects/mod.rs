//! The ways of writing the same facts, as tables.
