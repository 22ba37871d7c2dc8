//! Agents against a scripted model over real HTTP, with real tools over stdio.

mod binary;
mod delegation;
mod errors;
mod gate;
mod ingest;
mod tls;
mod trees;
mod world;
