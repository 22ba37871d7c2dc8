//! The program's commands.

use crate::args::{AgentArgs, IngestArgs, RunArgs, ScenariosArgs, ServeArgs, WorkArgs};
use anyhow::Context as _;
use etcetera::app_strategy::{AppStrategy as _, AppStrategyArgs, choose_native_strategy};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use turnscope_agents::{
    Agent, AgentError, Approver, Options, Role, RunRequest, Runner, Terminal,
    ingest::{Documents, Ingested},
    model::Client,
    observe, queue,
    scenarios::{Suite, evaluate},
    tools::McpCommand,
};
use turnscope_audit::{Key, Trail};

pub(crate) async fn run(args: RunArgs) -> anyhow::Result<()> {
    let agent = open(args.agent).await?;
    let request = RunRequest {
        prompt: args.prompt,
        trigger: "cli".to_owned(),
        session: args.session,
        user: args.user,
        ..RunRequest::default()
    };
    let result = agent.run(&request).await;
    agent.close().await;
    let result = result?;
    writeln!(std::io::stdout(), "{}", result.text)?;
    Ok(())
}

pub(crate) async fn ingest(args: IngestArgs) -> anyhow::Result<()> {
    let role = Role::read(&args.role)?;
    observe(&role)?;
    let done = Documents::ingest(&role, environment, args.force).await.map_err(AgentError::from)?;
    let Some((_, ingested)) = done else {
        anyhow::bail!("{} has no section spec.ingest", args.role.display());
    };
    for (path, why) in &ingested.skipped {
        writeln!(std::io::stderr(), "skipped {}: {why}", path.display())?;
    }
    let Ingested { files, chunks, known, .. } = ingested;
    writeln!(
        std::io::stdout(),
        "new or changed files: {files}, embedded chunks: {chunks}, indexed files: {known}"
    )?;
    Ok(())
}

/// Reads an environment variable.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let agent = Arc::new(open(args.agent).await?);
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    let serving =
        axum::serve(listener, turnscope_agents::serve::router(agent)).with_graceful_shutdown(stopped());
    tokio::select! {
        served = serving => served?,
        () = async { stopped().await; tokio::time::sleep(GRACE).await } => {} // runs that go on are cancelled
    }
    Ok(())
}

/// How long a server that is stopped waits for runs that go on.
const GRACE: Duration = Duration::from_secs(5);

/// How often an idle worker looks for tasks.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) async fn work(args: WorkArgs) -> anyhow::Result<()> {
    let agent = open(args.agent).await?;
    loop {
        let taken = queue::claim(&args.queue);
        let taken = taken.with_context(|| format!("cannot take tasks from {}", args.queue.display()))?;
        let wait = match taken {
            Some(task) => {
                match task.work(&agent).await {
                    Ok(result) => writeln!(std::io::stdout(), "{}", result.text)?,
                    Err(error) => writeln!(std::io::stderr(), "turnscope-agents: {error}")?,
                }
                Duration::ZERO
            }
            None if args.until_empty => break,
            None => POLL_INTERVAL,
        };
        tokio::time::sleep(wait).await;
    }
    agent.close().await;
    Ok(())
}

/// Runs scenarios one after the other, each with a new agent that remembers nothing of the others.
pub(crate) async fn scenarios(args: ScenariosArgs) -> anyhow::Result<()> {
    let suite = Suite::read(&args.file)?;
    let role = Role::read(&suite.role)?;
    observe(&role)?;
    let mut passed = 0;
    for scenario in &suite.scenarios {
        let options = AgentSetup {
            runner: None,
            trail: args
                .data
                .as_deref()
                .map(|data| trail(Some(data), None))
                .transpose()
                .map_err(AgentError::from)?,
            human: Arc::new(scenario.clone()),
            docs: &[],
            tool_timeout: Duration::from_secs(60),
        };
        let agent = prepare(role.clone(), options).await?;
        let request = RunRequest {
            prompt: scenario.task.clone(),
            trigger: "scenario".to_owned(),
            session: Some(scenario.name.clone()),
            ..RunRequest::default()
        };
        let outcome = evaluate(scenario, &agent.run(&request).await);
        agent.close().await;
        passed += usize::from(outcome.differences.is_empty());
        writeln!(std::io::stdout(), "{outcome}")?;
    }
    let all = suite.scenarios.len();
    writeln!(std::io::stdout(), "{passed} of {all} passed")?;
    anyhow::ensure!(passed == all, "{} scenarios failed", all - passed);
    Ok(())
}

/// Does work that Ctrl-C and SIGTERM cancel: its runs end as cancelled, in the trace and in the audit trail.
pub(crate) async fn or_cancelled(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::select! {
        outcome = work => outcome,
        () = stopped() => Err(AgentError::Cancelled.into()),
    }
}

/// Waits for SIGTERM or Ctrl-C.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Opens the agent that the arguments describe.
async fn open(args: AgentArgs) -> anyhow::Result<Agent> {
    let role = Role::read(&args.role)?;
    observe(&role)?;
    let trail = if args.no_audit {
        None
    } else {
        Some(trail(args.data.as_deref(), args.audit_key.as_deref()).map_err(AgentError::from)?)
    };
    let tool_timeout = Duration::from_secs(args.tool_timeout);
    let setup =
        AgentSetup { runner: args.runner, trail, human: Arc::new(Terminal), docs: &args.docs, tool_timeout };
    prepare(role, setup).await
}

/// An agent's settings from the command line.
struct AgentSetup<'a> {
    runner: Option<Runner>,
    trail: Option<Trail>,
    human: Arc<dyn Approver>,
    docs: &'a [PathBuf],
    tool_timeout: Duration,
}

/// Opens an agent with up-to-date documents, and with this program as the bundled MCP server.
async fn prepare(role: Role, setup: AgentSetup<'_>) -> anyhow::Result<Agent> {
    let AgentSetup { runner, trail, human, docs, tool_timeout } = setup;
    let runner = runner.or(role.runner).unwrap_or_else(|| Runner::of(role.model.provider));
    let client = Client::new(&role.model, environment).map_err(AgentError::from)?;
    let documents = Documents::ingest(&role, environment, false).await.map_err(AgentError::from)?;
    let documents = documents.map(|(documents, _)| documents);
    let program = std::env::current_exe().context("cannot find this program")?;
    let docs = docs.iter().flat_map(|path| ["--docs".to_owned(), path.display().to_string()]);
    let bundled = McpCommand {
        command: program.display().to_string(),
        args: std::iter::once("tools".to_owned()).chain(docs).collect(),
    };
    let options = Options { bundled, trail, documents, human, tool_timeout };
    Ok(Agent::open(role, runner, client, options).await?)
}

/// Opens the audit trail in the given directory, or else in the platform's data directory, where the server
/// has its own.
fn trail(directory: Option<&Path>, key: Option<&str>) -> Result<Trail, turnscope_audit::AuditError> {
    let strategy = AppStrategyArgs { app_name: "turnscope".into(), ..AppStrategyArgs::default() };
    let platform = || choose_native_strategy(strategy).map(|known| known.data_dir()).unwrap_or_default();
    let directory = directory.map_or_else(platform, Path::to_owned);
    Trail::open(&directory, key.map(Key::parse).transpose()?)
}
