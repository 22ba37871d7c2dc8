//! What the whole-system tests share: the corpus, what Turnscope shows of it, and the comparison with what really happened.
//!
//! [`corpus`] reads a producer's folder. [`in_process`] runs its bodies through decode, normalise and project, and
//! fills [`seen::Seen`]. The REST API of a running server fills it too, and is checked in the same way.
//! [`testkit`] starts a server: the real binary, or one in this process with any configuration. [`http`] and [`grpc`]
//! are its clients, [`load`] generates telemetry, [`through_rest`] fills `Seen` from REST answers. [`facts`] compares
//! `Seen` with `expected.json`, fact by fact. [`gaps`] lists the facts that the bytes do not contain.

#![allow(clippy::missing_panics_doc)] // a helper panics to fail its test

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
