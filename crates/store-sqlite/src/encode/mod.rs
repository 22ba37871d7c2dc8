//! How records, bodies and lists are written as bytes. Pure: no SQL.

pub(crate) mod batch_dump;
pub(crate) mod context_list;
pub(crate) mod facts_row;
pub(crate) mod record_body;
pub(crate) mod varint;
