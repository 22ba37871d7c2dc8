//! Tests of the receiving path from bytes to records and back.

mod again;
mod any_otlp;
mod corpus;
mod cut_and_restore;
mod decoding;
mod message_formats;
mod messages_of_corpus;
mod metrics_of_corpus;
mod own_rules;
mod receiving;
mod redaction;
mod times;
