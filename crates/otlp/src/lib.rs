//! OpenTelemetry in: bytes to records.
//!
//! The way through, as [`receive`] takes it: [`decode`] (protobuf or JSON → protobuf types), [`normalise`] (→ [`turnscope_model::Record`]s: facts
//! found by the tables in [`dialects`], large values cut out by [`cut`], secrets taken out by [`redact`]). The way
//! back, on read: [`cut::restore_span`] (→ what was sent), [`to_json`] (→ OTLP/JSON), [`messages`] (→ canonical messages), [`explain`] (→ why the
//! facts are what they are).
//!
//! Pure: no I/O, no clock, no state but what is passed in and the [`own_rules`] in force.

pub mod cut;
pub mod decode;
pub mod dialects;
pub mod explain;
mod memo;
pub mod messages;
mod metric;
pub mod normalise;
pub mod own_rules;
mod person;
pub mod receive;
pub mod redact;
pub mod to_json;
