//! Runs across processes: W3C trace context and baggage, in request headers or any map of strings.
//!
//! ```
//! use std::collections::HashMap;
//!
//! // the process that queues a job
//! let run = turnscope::run("helpdesk");
//! let job: HashMap<String, String> = run.carrier();
//!
//! // another process, minutes later
//! let parent = turnscope::join(&job);
//! parent.tool("send_mail").set("recipients", 1);
//! ```
//!
//! With the features `reqwest`, `tower` (and thus axum) and `tonic`, requests carry the context
//! automatically: see the modules of these names. Do not send baggage to a model provider or anyone else you
//! do not trust.

#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tonic")]
pub mod tonic;
#[cfg(feature = "tower")]
pub mod tower;

use crate::{Recorder, Step, default_recorder, run_attributes::RunAttributes};
use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt,
    propagation::{Extractor, Injector, TextMapPropagator},
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// Baggage entries that become attributes of the run's steps. All others are only passed on.
const BAGGAGE_ATTRIBUTES: [&str; 3] = ["session.id", "user.id", "gen_ai.conversation.id"];

/// Joins the run described by a carrier, with the default recorder. Steps begun below the returned handle
/// belong to that run. If the carrier describes none, they belong to no run.
///
/// A carrier is a map of strings, headers, or an MCP request's `_meta` as [`Meta`].
///
/// ```
/// let headers = std::collections::HashMap::from([(
///     "traceparent".to_owned(),
///     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
/// )]);
/// let parent = turnscope::join(&headers);
/// assert_eq!(parent.span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
/// ```
pub fn join(carrier: &dyn Extractor) -> Step {
    default_recorder().join(carrier)
}

impl Recorder {
    /// Joins the run described by a carrier; see [`join`].
    pub fn join(&self, carrier: &dyn Extractor) -> Step {
        let context = extract(carrier);
        let attributes = RunAttributes::default();
        for key in BAGGAGE_ATTRIBUTES {
            if let Some(value) = context.baggage().get(key) {
                attributes.set(key, value.clone().into());
            }
        }
        Step::at(self, &context, attributes)
    }
}

impl Step {
    /// Writes what [`join`] reads into a carrier: `traceparent`, `tracestate`, `baggage`.
    pub fn inject(&self, carrier: &mut dyn Injector) {
        inject(self.context(), carrier);
    }

    /// A carrier for a queue: a map of strings with what [`inject`](Self::inject) writes.
    pub fn carrier(&self) -> HashMap<String, String> {
        let mut carrier = HashMap::new();
        self.inject(&mut carrier);
        carrier
    }

    /// The same step with a baggage entry, which everything sent from it carries. Where the run is joined,
    /// `session.id`, `user.id` and `gen_ai.conversation.id` become attributes of its steps.
    ///
    /// ```
    /// let run = turnscope::run("helpdesk");
    /// let carrier = run.with_baggage("session.id", "s-17").carrier();
    /// ```
    #[must_use]
    pub fn with_baggage(&self, key: &'static str, value: impl Into<String>) -> Step {
        let entries = self.context().baggage().iter();
        let mut all: Vec<KeyValue> = entries
            .filter(|(known, _)| known.as_str() != key)
            .map(|(key, (value, _))| KeyValue::new(key.clone(), value.clone()))
            .collect();
        all.push(KeyValue::new(key, value.into()));
        self.with_context(self.context().with_baggage(all))
    }
}

/// An MCP request's `_meta`, or any other JSON object, as a carrier.
///
/// ```
/// use turnscope::propagation::Meta;
/// let mut meta = serde_json::Map::new();
/// turnscope::run("helpdesk").inject(&mut Meta(&mut meta));
/// turnscope::join(&Meta(&meta)).tool("lookup").end();
/// ```
#[derive(Debug)]
pub struct Meta<M>(
    /// The object: a mutable reference to inject, a shared one to extract.
    pub M,
);

impl Injector for Meta<&mut Map<String, Json>> {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value.into());
    }
}

impl Extractor for Meta<&Map<String, Json>> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

fn extract(carrier: &dyn Extractor) -> Context {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), carrier);
    BaggagePropagator::new().extract_with_context(&context, carrier)
}

fn inject(context: &Context, carrier: &mut dyn Injector) {
    TraceContextPropagator::new().inject_context(context, carrier);
    BaggagePropagator::new().inject_context(context, carrier);
}
