//! `turnscope-agents`: prints the answer to stdout and everything else to stderr. `args` defines the command
//! line, `commands` implements it.

mod args;
mod commands;

use args::{Cli, Command};
use clap::Parser as _;
use std::{io::Write as _, process::ExitCode};
use turnscope_agents::{AgentError, tools::builtin::Builtin};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&anyhow::Error::new(error)),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => commands::run(args).await,
            Command::Ingest(args) => commands::ingest(args).await,
            Command::Serve(args) => commands::serve(args).await,
            Command::Work(args) => commands::work(args).await,
            Command::Scenarios(args) => commands::scenarios(args).await,
            Command::Tools(args) => Builtin::new(&args.docs).serve().await,
        }
    });
    turnscope::shutdown();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Prints an error and returns its exit code.
fn report(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "turnscope-agents: {error:#}");
    let is_usage = error.is::<turnscope_agents::RoleError>() || error.is::<turnscope::SetupError>();
    let code = error.downcast_ref::<AgentError>().map_or(if is_usage { 2 } else { 1 }, AgentError::exit_code);
    ExitCode::from(code)
}
