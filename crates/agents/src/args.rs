//! Command line arguments.

use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};
use turnscope_agents::Runner;

/// Reference agents, described by a YAML role file.
#[derive(Parser)]
#[command(name = "turnscope-agents", version, after_help = CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CODES: &str = "Exit codes: 0 result, 1 failed, 2 invalid arguments or role file, 3 no answer from the model, \
                     4 a tool cannot be started, 5 turn limit reached, 6 the policy does not allow the run, \
                     7 the audit trail cannot be written, 130 cancelled";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run an agent once
    Run(RunArgs),
    /// Update the index of an agent's documents
    Ingest(IngestArgs),
    /// Serve an agent over HTTP
    Serve(ServeArgs),
    /// Process tasks from a queue
    Work(WorkArgs),
    /// Run an agent's scenarios and report the results
    Scenarios(ScenariosArgs),
    /// Run the bundled MCP server over stdin and stdout
    Tools(ToolsArgs),
}

#[derive(Args)]
pub(crate) struct AgentArgs {
    /// The role file
    pub(crate) role: PathBuf,
    /// plan-execute, claude-agent, openai-agent or deep-agent [default: the role's runner, or the one that
    /// fits its provider]
    #[arg(long)]
    pub(crate) runner: Option<Runner>,
    /// Do not write audit records
    #[arg(long)]
    pub(crate) no_audit: bool,
    /// The data directory with the audit trail
    #[arg(long, value_name = "DIR", env = "TURNSCOPE_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The audit trail's key, 64 hex digits. Prefer the environment variable: command lines are visible to
    /// other users
    #[arg(long, value_name = "HEX", env = "TURNSCOPE_AUDIT_KEY", hide_env_values = true)]
    pub(crate) audit_key: Option<String>,
    /// A file or folder that `search_docs` searches. Repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) docs: Vec<PathBuf>,
    /// Time limit for a tool call, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) tool_timeout: u64,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// The task
    #[arg(short, long)]
    pub(crate) prompt: String,
    /// The session that the run belongs to
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// The user on whose behalf the agent runs
    #[arg(long)]
    pub(crate) user: Option<String>,
}

#[derive(Args)]
pub(crate) struct IngestArgs {
    /// The role file
    pub(crate) role: PathBuf,
    /// Embed all documents again, not only new and changed ones
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// The address to listen on; port 0 picks a free port. The address is printed to stdout
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
}

#[derive(Args)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// The queue's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) queue: PathBuf,
    /// Exit when the queue is empty
    #[arg(long)]
    pub(crate) until_empty: bool,
}

#[derive(Args)]
pub(crate) struct ScenariosArgs {
    /// The scenario file
    pub(crate) file: PathBuf,
    /// Write audit records to this data directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ToolsArgs {
    /// A file or folder that `search_docs` searches. Repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) docs: Vec<PathBuf>,
}
