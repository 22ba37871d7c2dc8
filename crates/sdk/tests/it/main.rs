//! Tests through the public API. Recorded spans are compared as whole trees.

mod child;
mod collector;
mod content_store;
mod endings;
mod environment;
mod examples;
mod failures;
mod file;
mod guest;
mod installation;
mod live;
mod mcp;
mod metrics;
mod names;
mod observability;
mod openai;
mod outcome;
mod outside;
mod pleasure;
mod processors;
mod propagation;
mod provider;
mod recording;
mod sampling;
mod store;
mod threads;
mod tls;
mod trace_config;
mod tracing;
mod tree;
mod valid;
mod variables;

/// Installs a crypto provider: this workspace builds `reqwest` without one, and `reqwest` needs it even for
/// plain HTTP.
fn with_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that one is installed
}
