//! What can be typed.

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

const CODES: &str = "Exit codes: 0 answered, 1 it failed, 2 what was typed or described makes no sense, 3 the model gave no answer, \
                     4 the tools could not be had, 5 the turns ran out, 6 the policy did not let it start, 7 the audit trail cannot be written";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run an agent once
    Run(RunArgs),
    /// Read an agent's documents into its index
    Ingest(IngestArgs),
    /// Serve an agent over HTTP
    Serve(ServeArgs),
    /// Have an agent do what waits in a queue
    Work(WorkArgs),
    /// Run an agent's scenarios, and print how each went
    Scenarios(ScenariosArgs),
    /// The bundled MCP server, over stdin and stdout
    Tools(ToolsArgs),
}

#[derive(Args)]
pub(crate) struct AgentArgs {
    /// The role file
    pub(crate) role: PathBuf,
    /// plan-execute, claude-agent, openai-agent or deep-agent; else what the role says, else what fits its provider
    #[arg(long)]
    pub(crate) runner: Option<Runner>,
    /// Keep no audit records
    #[arg(long)]
    pub(crate) no_audit: bool,
    /// The directory of the audit trail
    #[arg(long, value_name = "DIR", env = "TURNSCOPE_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The audit trail's key, 64 hexadecimal digits; better set in the environment than typed
    #[arg(long, value_name = "HEX", env = "TURNSCOPE_AUDIT_KEY", hide_env_values = true)]
    pub(crate) audit_key: Option<String>,
    /// A file or folder that `search_docs` looks through. Repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) docs: Vec<PathBuf>,
    /// How long a tool may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) tool_timeout: u64,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// What the agent is asked
    #[arg(short, long)]
    pub(crate) prompt: String,
    /// The session that the run belongs to
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// For whom it runs
    #[arg(long)]
    pub(crate) user: Option<String>,
}

#[derive(Args)]
pub(crate) struct IngestArgs {
    /// The role file
    pub(crate) role: PathBuf,
    /// Embed everything again, not only what is new or has changed
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// Where to listen; port 0 takes a free one. The address is printed on stdout
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
}

#[derive(Args)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// The queue's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) queue: PathBuf,
    /// End when nothing waits any more
    #[arg(long)]
    pub(crate) until_empty: bool,
}

#[derive(Args)]
pub(crate) struct ScenariosArgs {
    /// The file with the scenarios
    pub(crate) file: PathBuf,
    /// Keep audit records, in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ToolsArgs {
    /// A file or folder that `search_docs` looks through. Repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) docs: Vec<PathBuf>,
}
