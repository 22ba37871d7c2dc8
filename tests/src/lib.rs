//! What the whole-system tests share: the corpus, what is seen of it, and the comparison with what really happened.
//!
//! [`corpus`] reads a producer's folder. [`in_process`] takes its bodies through decode, normalise and project, and
//! fills [`seen::Seen`]; whatever else can fill it (the REST API of a running server) is checked in the same way.
//! [`testkit`] starts a server: the real binary, or one in this process with any configuration. [`http`] and [`grpc`]
//! talk to it, [`load`] makes telemetry to send, [`through_rest`] fills `Seen` from its answers. [`facts`] compares
//! `Seen` with `expected.json`, fact by fact. [`gaps`] is the list of facts that the bytes do not hold.

#![allow(clippy::missing_panics_doc)] // whatever is not as it should be ends the test

pub mod corpus;
pub mod facts;
pub mod gaps;
pub mod grpc;
pub mod http;
pub mod in_process;
pub mod load;
pub mod seen;
pub mod testkit;
pub mod through_rest;
