//! The crate as an agent's author uses it: what was recorded is looked at as whole trees of spans.

mod child;
mod collector;
mod content_store;
mod doors;
mod environment;
mod examples;
mod failures;
mod file;
mod live;
mod mcp;
mod metrics;
mod names;
mod observability;
mod openai;
mod processors;
mod propagation;
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

/// `reqwest` is built without a provider of cryptography here, so that only one is in the tree; it wants one for plain HTTP too.
fn with_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error says that there is one
}
