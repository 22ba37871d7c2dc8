//! The store from outside: what was committed is read back, kept once, found, deleted and kept whole, through a file on disk.

#[path = "../../../otlp/tests/it/any_otlp.rs"]
mod any_otlp;
mod conformance;
mod delivery;
mod files;
mod filters;
mod isolation;
mod links;
mod pages;
mod plans;
mod read_back;
mod reprojection;
mod retention;
mod rollups;
mod search;
mod world;
