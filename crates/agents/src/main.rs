//! `turnscope-agents`: the answer on stdout, everything else on stderr.

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use etcetera::app_strategy::{AppStrategy as _, AppStrategyArgs, choose_native_strategy};
use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use turnscope_agents::{
    Agent, AgentError, Asked, Options, Role, Runner, Terminal,
    ingest::{Documents, Ingested},
    model::Client,
    observe, serve,
    tools::{McpCommand, builtin::Builtin},
};
use turnscope_audit::{Key, Trail};

/// Reference agents, described by a YAML role file.
#[derive(Parser)]
#[command(name = "turnscope-agents", version, after_help = CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const CODES: &str = "Exit codes: 0 answered, 1 it failed, 2 what was typed or described makes no sense, 3 the model gave no answer, \
                     4 the tools could not be had, 5 the turns ran out, 6 the policy did not let it start, 7 the audit trail cannot be written";

#[derive(Subcommand)]
enum Command {
    /// Run an agent once
    Run(RunArgs),
    /// Read an agent's documents into its index
    Ingest(IngestArgs),
    /// Serve an agent over HTTP
    Serve(ServeArgs),
    /// The bundled MCP server, over stdin and stdout
    Tools(ToolsArgs),
}

#[derive(Args)]
struct AgentArgs {
    /// The role file
    role: PathBuf,
    /// plan-execute, claude-agent, openai-agent or deep-agent; else what the role says, else what fits its provider
    #[arg(long)]
    runner: Option<Runner>,
    /// Keep no audit records
    #[arg(long)]
    no_audit: bool,
    /// The directory of the audit trail
    #[arg(long, value_name = "DIR", env = "TURNSCOPE_DATA")]
    data: Option<PathBuf>,
    /// The audit trail's key, 64 hexadecimal digits; better set in the environment than typed
    #[arg(long, value_name = "HEX", env = "TURNSCOPE_AUDIT_KEY", hide_env_values = true)]
    audit_key: Option<String>,
    /// A file or folder that `search_docs` looks through. Repeatable
    #[arg(long, value_name = "PATH")]
    docs: Vec<PathBuf>,
    /// How long a tool may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    tool_timeout: u64,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    agent: AgentArgs,
    /// What the agent is asked
    #[arg(short, long)]
    prompt: String,
    /// The session that the run belongs to
    #[arg(long)]
    session: Option<String>,
    /// For whom it runs
    #[arg(long)]
    user: Option<String>,
}

#[derive(Args)]
struct IngestArgs {
    /// The role file
    role: PathBuf,
    /// Embed everything again, not only what is new or has changed
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
struct ServeArgs {
    #[command(flatten)]
    agent: AgentArgs,
    /// Where to listen; port 0 takes a free one. The address is printed on stdout
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Args)]
struct ToolsArgs {
    /// A file or folder that `search_docs` looks through. Repeatable
    #[arg(long, value_name = "PATH")]
    docs: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(&anyhow::Error::new(error)),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => run(args).await,
            Command::Ingest(args) => ingest(args).await,
            Command::Serve(args) => serve_agent(args).await,
            Command::Tools(args) => Builtin::new(&args.docs).serve().await,
        }
    });
    turnscope::shutdown();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&error),
    }
}

/// The error in words, and the code that stands for it.
fn say(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "turnscope-agents: {error:#}");
    let is_usage = error.is::<turnscope_agents::RoleError>() || error.is::<turnscope::SetupError>();
    let code = error.downcast_ref::<AgentError>().map_or(if is_usage { 2 } else { 1 }, AgentError::exit_code);
    ExitCode::from(code)
}

async fn run(args: RunArgs) -> anyhow::Result<()> {
    let agent = open(args.agent).await?;
    let asked = Asked {
        prompt: args.prompt,
        trigger: "cli".to_owned(),
        session: args.session,
        user: args.user,
        ..Asked::default()
    };
    let answered = agent.run(&asked).await;
    agent.close().await;
    let answered = answered?;
    writeln!(std::io::stdout(), "{}", answered.text)?;
    Ok(())
}

async fn ingest(args: IngestArgs) -> anyhow::Result<()> {
    let role = Role::read(&args.role)?;
    observe(&role)?;
    let done = Documents::ingest(&role, environment, args.force).await.map_err(AgentError::from)?;
    let Some((_, ingested)) = done else {
        anyhow::bail!("{} has no section spec.ingest", args.role.display());
    };
    for (path, why) in &ingested.skipped {
        writeln!(std::io::stderr(), "passed over {}: {why}", path.display())?;
    }
    let Ingested { files, chunks, known, .. } = ingested;
    writeln!(
        std::io::stdout(),
        "files new or changed: {files}, chunks embedded: {chunks}, files known: {known}"
    )?;
    Ok(())
}

/// What the environment says.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn serve_agent(args: ServeArgs) -> anyhow::Result<()> {
    let agent = Arc::new(open(args.agent).await?);
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    axum::serve(listener, serve::router(agent)).with_graceful_shutdown(stopped()).await?;
    Ok(())
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

/// The agent that the command line describes.
async fn open(args: AgentArgs) -> anyhow::Result<Agent> {
    let role = Role::read(&args.role)?;
    observe(&role)?;
    let runner = args.runner.or(role.runner).unwrap_or_else(|| Runner::of(role.model.provider));
    let client = Client::new(&role.model, environment).map_err(AgentError::from)?;
    let trail = if args.no_audit {
        None
    } else {
        Some(trail(args.data.as_deref(), args.audit_key.as_deref()).map_err(AgentError::from)?)
    };
    let documents = Documents::ingest(&role, environment, false).await.map_err(AgentError::from)?;
    let documents = documents.map(|(documents, _)| documents);
    let program = std::env::current_exe().context("cannot find this program")?;
    let docs = args.docs.iter().flat_map(|path| ["--docs".to_owned(), path.display().to_string()]);
    let bundled = McpCommand {
        command: program.display().to_string(),
        args: std::iter::once("tools".to_owned()).chain(docs).collect(),
    };
    let tool_timeout = Duration::from_secs(args.tool_timeout);
    let options = Options { bundled, trail, documents, human: Arc::new(Terminal), tool_timeout };
    Ok(Agent::open(role, runner, client, options).await?)
}

/// The trail in the directory that was named, else in the platform's data directory, where a server keeps its own.
fn trail(directory: Option<&Path>, key: Option<&str>) -> Result<Trail, turnscope_audit::AuditError> {
    let strategy = AppStrategyArgs { app_name: "turnscope".into(), ..AppStrategyArgs::default() };
    let platform = || choose_native_strategy(strategy).map(|known| known.data_dir()).unwrap_or_default();
    let directory = directory.map_or_else(platform, Path::to_owned);
    Trail::open(&directory, key.map(Key::parse).transpose()?)
}
