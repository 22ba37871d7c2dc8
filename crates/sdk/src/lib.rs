#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attached;
mod bounded_json;
mod config;
#[cfg(feature = "object-store")]
mod content_store;
mod cut_text;
mod environment;
mod export;
mod export_queue;
mod file;
mod finished;
mod installation;
mod live;
mod log;
#[cfg(feature = "otlp")]
mod log_records;
mod lost;
#[cfg(feature = "rmcp")]
pub mod mcp;
mod metrics;
#[cfg(feature = "async-openai")]
pub mod openai;
mod outcome;
mod pipeline;
mod processors;
pub mod propagation;
mod provider;
mod recorder;
mod redact;
mod run_attributes;
mod sample;
mod secret;
mod setup_error;
mod span_data;
mod span_handle;
mod step;
mod timestamp;
mod tracer;
#[cfg(feature = "tracing")]
pub mod tracing_layers;
mod truncate;
mod usage;
mod value;

pub use config::{Backend, Observability, Profile, RecordingConfig, Setup, TraceConfig};
#[cfg(feature = "object-store")]
pub use content_store::ContentStore;
#[cfg(feature = "store")]
pub use export::StoreExporter;
pub use export::{DataDirectory, Exporter, Otlp, OtlpProtocol};
pub use file::{EncryptionKey, InvalidKey, ReadError, TraceFile};
pub use finished::{FinishedError, FinishedEvent, FinishedLink, FinishedSpan};
#[cfg(feature = "yaml")]
pub use installation::setup_from_yaml;
pub use installation::{
    Recording, dropped, finished_spans, flush, get_tracer, init_tracing, setup, shutdown, shutdown_within,
};
pub use log::LogLevel;
pub use lost::{LossReason, Lost};
pub use propagation::join;
pub use provider::StreamedAnswer;
pub use recorder::{Naming, Recorder};
pub use redact::{BadPattern, Redaction};
pub use sample::{TailRules, TraceSampler};
pub use secret::Secret;
pub use setup_error::SetupError;
pub use step::{
    AnyError, Approval, ByItself, ByPointer, CustomStep, Embedding, ErrorObject, Ingest, LlmCall, MemoryRead,
    MemoryWrite, PolicyEvaluation, Retrieval, Run, Sanitizer, Scope, Step, ToolCall, Turn, Verdict, current,
    in_current, wrap_current,
};
pub use usage::Usage;
pub use value::{AttributeValue, ListItem};

/// The OpenTelemetry version whose types this crate exposes.
pub use opentelemetry;
pub use opentelemetry_sdk;

use std::{
    borrow::Cow,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};
use step::Guard as _;

/// Whether the default recorder is enabled; checked first, because a disabled one must not cost a lock.
static ENABLED: AtomicBool = AtomicBool::new(false);
static DEFAULT: RwLock<Recorder> = RwLock::new(Recorder::disabled());

/// The recorder that [`run()`] uses. It records nothing until something is set up.
pub fn default_recorder() -> Recorder {
    if !ENABLED.load(Ordering::Acquire) {
        return Recorder::disabled();
    }
    DEFAULT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Replaces the default recorder and returns the previous one.
///
/// ```
/// use turnscope::{Recorder, set_default_recorder};
/// let before = set_default_recorder(Recorder::disabled());
/// // … a test …
/// set_default_recorder(before);
/// ```
pub fn set_default_recorder(recorder: Recorder) -> Recorder {
    let mut current = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    ENABLED.store(recorder.inner().is_some(), Ordering::Release);
    std::mem::replace(&mut current, recorder)
}

/// Begins a run of the agent `name` with the default recorder.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// run.session("s-17");
/// ```
pub fn run(name: impl Into<Cow<'static, str>>) -> Run {
    if ENABLED.load(Ordering::Acquire) {
        default_recorder().run(name)
    } else {
        Run::disabled(Step::disabled())
    }
}

/// Compiles the guide's examples.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sdk.md")]
struct Guide;

/// Serialises to JSON. A value that cannot be serialised is replaced by an object with the error.
fn json_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| serde_json::json!({"unserialisable": error.to_string()}).to_string())
}
