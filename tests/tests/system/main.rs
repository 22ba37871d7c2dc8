//! Tests of the whole system from outside: receivers, clients, REST, crashes. They use the real binary wherever its flags allow.

mod agents;
mod audit;
mod clients;
mod corpus_replay;
mod costs;
mod crash;
mod examples;
mod foreign;
mod http_corners;
mod import;
mod large;
mod live;
mod marks;
mod prometheus;
mod python;
mod receivers;
mod refusals;
mod rest;
mod reverse_proxy;
mod schemathesis;
mod sdk;
mod session;
mod venv;
