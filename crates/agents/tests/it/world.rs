//! A test setup: an agent with a scripted model and real tools, and what it recorded.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use turnscope::{
    Naming, Recorder,
    opentelemetry::{Context, SpanId, Value, trace::Status},
    opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    },
};
use turnscope_agents::{
    Agent, AgentError, Approver, Options, Role, RunRequest, RunResult, Runner, ingest::Documents,
    model::Client, tools::McpCommand,
};
use turnscope_audit::{Entry, Filter, Key, Reader, Record, Trail};
use turnscope_scripted_model::{Script, ScriptedModel};

/// An approver with a fixed answer, or none.
struct Always(Option<bool>);

impl Approver for Always {
    fn approve(&self, _: &str) -> Option<(bool, String)> {
        self.0.map(|yes| (yes, "user:ada".to_owned()))
    }
}

pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) model: ScriptedModel,
    pub(crate) human: Option<bool>,
    pub(crate) tool_timeout: Duration,
    pub(crate) kept: Kept,
    recorder: Recorder,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(pub(crate) Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// The bundled MCP server.
pub(crate) fn bundled() -> McpCommand {
    McpCommand { command: env!("CARGO_BIN_EXE_turnscope-agents").to_owned(), args: vec!["tools".to_owned()] }
}

impl World {
    pub(crate) fn new(script: Script) -> Self {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let recorder = Recorder::new(&provider).with_naming(Naming::AgentRun);
        Self {
            directory: tempfile::tempdir().unwrap(),
            model: ScriptedModel::start(script).unwrap(),
            human: None,
            tool_timeout: Duration::from_secs(60),
            kept,
            recorder,
        }
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A role file; `more` are further lines of its `spec`.
    pub(crate) fn role(&self, provider: &str, more: &str) -> Role {
        let text = format!(
            "kind: Agent\nmetadata: {{name: clerk}}\nspec:\n  model: {{provider: {provider}, name: test-model}}\n  role: You are a clerk.\n{more}"
        );
        Role::read(&self.write("role.yaml", &text)).unwrap()
    }

    pub(crate) async fn open(&self, role: Role, runner: Runner) -> Result<Agent, AgentError> {
        let variable = |name: &str| match name {
            "OPENAI_BASE_URL" => Some(self.model.base_url()),
            "ANTHROPIC_BASE_URL" => Some(self.model.url()),
            _ => None,
        };
        let client = Client::new(&role.model, variable)?;
        let documents = self.recorded(Documents::ingest(&role, variable, false)).await?;
        let options = Options {
            bundled: bundled(),
            documents: documents.map(|(documents, _)| documents),
            trail: Some(Trail::open(self.directory.path(), None)?),
            human: Arc::new(Always(self.human)),
            tool_timeout: self.tool_timeout,
        };
        Agent::open(role, runner, client, options).await
    }

    /// Opens, runs once, and closes.
    pub(crate) async fn run(
        &self,
        role: Role,
        runner: Runner,
        prompt: &str,
    ) -> Result<RunResult, AgentError> {
        let agent = self.open(role, runner).await?;
        let request = RunRequest {
            prompt: prompt.into(),
            trigger: "test".into(),
            session: Some("s-1".into()),
            ..RunRequest::default()
        };
        let result = self.recorded(agent.run(&request)).await;
        agent.close().await;
        result
    }

    /// Runs a future with recording.
    pub(crate) async fn recorded<T>(&self, work: impl Future<Output = T>) -> T {
        self.recorder.in_context(&Context::new()).scope(work).await
    }

    /// The spans as an indented tree in order of their start, without values that differ between runs.
    pub(crate) fn tree(&self) -> String {
        let mut spans = self.kept.0.lock().unwrap().clone();
        spans.sort_by_key(|span| span.start_time);
        let known: Vec<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
        let mut out = String::new();
        for root in spans.iter().filter(|span| !known.contains(&span.parent_span_id)) {
            write(&mut out, &spans, root, 0);
        }
        out
    }

    /// The trace and span ids of the spans with this name.
    pub(crate) fn spans(&self, name: &str) -> Vec<(String, String)> {
        let spans = self.kept.0.lock().unwrap();
        let named = spans.iter().filter(|span| span.name == name);
        named
            .map(|span| (span.span_context.trace_id().to_string(), span.span_context.span_id().to_string()))
            .collect()
    }

    /// The audit records; also verifies the trail.
    pub(crate) fn audit(&self) -> Vec<Record> {
        let reader = Reader::open(self.directory.path()).unwrap();
        let report = reader.verify(&Key::of(self.directory.path()).unwrap(), None).unwrap();
        assert_eq!(report.findings, []);
        reader.records(&Filter::default()).unwrap()
    }

    /// One line for each audit record: the decision, or the outcome of the run.
    pub(crate) fn audit_lines(&self) -> Vec<String> {
        let line = |record: Record| match record.entry {
            Entry::Run(run) => {
                format!("run {} {}", run.success, run.error.or(run.output).unwrap_or_default())
            }
            Entry::Decision(decision) => format!(
                "{} {} {} {}",
                decision.tool.unwrap_or_default(),
                decision.verdict,
                decision.resolution.unwrap_or_default(),
                decision.decided_by.unwrap_or_default()
            ),
        };
        self.audit().into_iter().map(line).collect()
    }
}

/// Attributes whose values differ between runs; only their presence is shown.
const VARYING: [&str; 4] = [
    "gen_ai.response.time_to_first_chunk",
    "kitelogik.token_id",
    "initrunner.run_id",
    "initrunner.duration_ms",
];

fn write(out: &mut String, all: &[SpanData], span: &SpanData, depth: usize) {
    let pad = "  ".repeat(depth);
    let status = match &span.status {
        Status::Error { description } => format!(" error: {description}"),
        _ => String::new(),
    };
    writeln!(out, "{pad}{}{status}", span.name).unwrap();
    let attributes: BTreeMap<&str, &Value> =
        span.attributes.iter().map(|attribute| (attribute.key.as_str(), &attribute.value)).collect();
    for (key, value) in attributes {
        let value = if VARYING.contains(&key) { "[varies]".into() } else { value.to_string() };
        writeln!(out, "{pad}  . {key} = {value}").unwrap();
    }
    for child in all.iter().filter(|child| child.parent_span_id == span.span_context.span_id()) {
        write(out, all, child, depth + 1);
    }
}
