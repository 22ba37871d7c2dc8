//! The real binary, as a new user would run it.

mod audit;
mod damage;
mod environment;
mod own_rules;
mod reading;
mod redact;
mod serving;
mod settings;
mod tls_proxy;
