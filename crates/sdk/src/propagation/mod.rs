//! Runs across processes: W3C trace context and baggage, in the headers of a request or any map of strings.
//!
//! ```
//! use std::collections::HashMap;
//!
//! // where the job is put into a queue
//! let run = turnscope::run("helpdesk");
//! let job: HashMap<String, String> = run.carrier();
//!
//! // where it is done, minutes later, in another process
//! let place = turnscope::join(&job);
//! place.tool("send_mail").set("recipients", 1);
//! ```
//!
//! With the features `reqwest`, `tower` (and so axum) and `tonic`, requests carry it by themselves: see the modules of these
//! names. What is sent to a model's provider, or to anyone else who is not trusted, should carry no baggage.

#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tonic")]
pub mod tonic;
#[cfg(feature = "tower")]
pub mod tower;

use crate::{Recorder, Step, default_recorder, shared::Shared};
use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt,
    propagation::{Extractor, Injector, TextMapPropagator},
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// The entries of baggage that the steps of a run carry as attributes. Others only travel on.
const TAKEN: [&str; 3] = ["session.id", "user.id", "gen_ai.conversation.id"];

/// Joins the run that a carrier tells of, with the default recorder: what is begun below the place belongs to that run.
/// Where the carrier tells of none, the place stands outside any run.
///
/// A carrier is a map of strings, headers, or an MCP request's `_meta` as [`Meta`].
///
/// ```
/// let headers = std::collections::HashMap::from([(
///     "traceparent".to_owned(),
///     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
/// )]);
/// let place = turnscope::join(&headers);
/// assert_eq!(place.span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
/// ```
pub fn join(carrier: &dyn Extractor) -> Step {
    default_recorder().join(carrier)
}

impl Recorder {
    /// Joins the run that a carrier tells of; see [`join`].
    pub fn join(&self, carrier: &dyn Extractor) -> Step {
        let context = extract(carrier);
        let shared = Shared::default();
        for key in TAKEN {
            if let Some(value) = context.baggage().get(key) {
                shared.set(key, value.clone().into());
            }
        }
        Step::at(self, &context, shared)
    }
}

impl Step {
    /// Writes into a carrier what [`join`] reads: `traceparent`, `tracestate`, `baggage`.
    pub fn inject(&self, carrier: &mut dyn Injector) {
        inject(self.context(), carrier);
    }

    /// A carrier for a queue: what [`inject`](Self::inject) writes, as a map of strings.
    pub fn carrier(&self) -> HashMap<String, String> {
        let mut carrier = HashMap::new();
        self.inject(&mut carrier);
        carrier
    }

    /// The same step with an entry of baggage, which travels with whatever is sent on from it. Where the run is joined,
    /// `session.id`, `user.id` and `gen_ai.conversation.id` become attributes of the steps there.
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
    /// The object, borrowed: as mutable to inject.
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
