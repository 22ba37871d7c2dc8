//! Reads the captures: request bodies as they were sent, and what really happened.

use flate2::read::GzDecoder;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};
use turnscope_otlp::decode::Format;

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The producers, by name.
pub fn producers() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the corpus is there")
        .flatten()
        .filter(|entry| entry.path().join("expected.json").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Which signal a body carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metric points.
    Metrics,
}

/// One request as it was sent, its content encoding undone.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file it came from.
    pub file: String,
    /// Its signal.
    pub signal: Signal,
    /// Its format.
    pub format: Format,
    /// The bytes.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
struct Sidecar {
    headers: BTreeMap<String, String>,
}

/// The requests of a producer, in order of arrival.
pub fn requests(producer: &str) -> Vec<Request> {
    let folder = folder().join(producer);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the producer's folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(|c: char| c.is_ascii_digit()) && !name.ends_with(".meta.json")
        })
        .collect();
    files.sort();
    files.iter().map(|path| request(path)).collect()
}

fn request(path: &Path) -> Request {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut parts = file.split('.');
    let (number, signal, form) = (parts.next(), parts.next(), parts.next());
    let sidecar = path.with_file_name(format!(
        "{}.{}.meta.json",
        number.unwrap_or_default(),
        signal.unwrap_or_default()
    ));
    let sidecar: Sidecar = serde_json::from_slice(&fs::read(sidecar).expect("a sidecar")).expect("JSON");
    let gzip = sidecar.headers.iter().any(|(k, v)| k.eq_ignore_ascii_case("content-encoding") && v == "gzip");
    let mut body = fs::read(path).expect("a body");
    if gzip {
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).expect("gzip");
        body = plain;
    }
    Request {
        signal: match signal {
            Some("logs") => Signal::Logs,
            Some("metrics") => Signal::Metrics,
            _ => Signal::Traces,
        },
        format: if form == Some("json") { Format::Json } else { Format::Protobuf },
        file,
        body,
    }
}

/// What really happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// Sums over all scenarios.
    pub totals: Totals,
    /// Each scenario.
    pub scenarios: Vec<Scenario>,
}

/// Sums over all scenarios.
#[derive(Clone, Debug, Deserialize)]
pub struct Totals {
    /// Top-level invocations.
    pub runs: u64,
    /// HTTP requests to the provider, retries included.
    pub llm_calls: u64,
    /// Those that failed.
    pub llm_failed: u64,
    /// Prompt tokens that the client could know.
    pub input_tokens_delivered: u64,
    /// Completion tokens that the client could know.
    pub output_tokens_delivered: u64,
    /// Failed tool calls.
    pub tool_errors: u64,
    /// Runs that ended with an error for their caller.
    pub run_errors: u64,
    /// Per requested model.
    pub by_model: BTreeMap<String, Model>,
    /// Tool functions that ran.
    pub by_tool: BTreeMap<String, u64>,
    /// Sessions.
    pub sessions: Vec<String>,
    /// Users.
    pub users: Vec<String>,
    /// Agents.
    pub agents: Vec<String>,
}

/// What one model was asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Model {
    /// HTTP requests.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
}

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What the user asked, and what came back.
    pub turns: Vec<Turn>,
    /// Top-level invocations.
    #[serde(default)]
    pub runs: u64,
    /// What a person was asked, and what they answered.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// What reached the caller.
    pub error: Option<serde_json::Value>,
    /// Each HTTP request.
    #[serde(default)]
    pub llm_calls: Vec<Call>,
    /// The model calls' sums.
    pub llm: Llm,
}

/// A question to a person, and the answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Approval {
    /// The decision, in the framework's own word.
    #[serde(alias = "answer")]
    pub decision: serde_json::Value,
}

impl Approval {
    /// Whether the person said yes.
    pub fn is_yes(&self) -> bool {
        match &self.decision {
            serde_json::Value::Bool(yes) => *yes,
            other => other.as_str().is_some_and(|word| !word.starts_with(['n', 'r', 'd'])),
        }
    }
}

/// One question and its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Turn {
    /// The question.
    pub user: Option<String>,
    /// The answer.
    #[serde(rename = "final")]
    pub answer: Option<String>,
}

/// The model calls of a scenario.
#[derive(Clone, Debug, Deserialize)]
pub struct Llm {
    /// The tools that the model asked for.
    #[serde(default)]
    pub tool_calls_requested: Vec<Asked>,
}

/// A tool that a model asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    /// Its name.
    pub name: String,
}

/// One HTTP request to the provider.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// The model asked for.
    pub model: Option<String>,
    /// The tokens billed.
    pub usage: Option<Billed>,
    /// Whether the client could know them.
    #[serde(default)]
    pub usage_delivered: bool,
}

/// Tokens as billed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Billed {
    /// All prompt tokens.
    #[serde(default)]
    pub input: u64,
    /// All completion tokens.
    #[serde(default)]
    pub output: u64,
    /// Prompt tokens from the cache.
    #[serde(default)]
    pub cached: u64,
    /// Completion tokens for reasoning.
    #[serde(default)]
    pub reasoning: u64,
}

/// What a producer really did.
pub fn expected(producer: &str) -> Expected {
    let text = fs::read(folder().join(producer).join("expected.json")).expect("expected.json");
    serde_json::from_slice(&text).expect("expected.json is as README.md says")
}
