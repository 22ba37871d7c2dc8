//! Agents with a scripted model over real HTTP and real tools over stdio.

mod binary;
mod delegation;
mod errors;
mod gate;
mod ingest;
mod tls;
mod trees;
mod world;
