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
mod metrics;
mod observability;
mod processors;
mod propagation;
mod recording;
mod sampling;
mod store;
mod trace_config;
mod tracing;
mod tree;
