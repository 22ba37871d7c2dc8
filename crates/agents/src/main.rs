//! `turnscope-agents`: prints the answer to stdout and everything else to stderr. `args` defines the command
//! line, `commands` implements it.

mod args;
mod commands;

use args::{Cli, Command};
use clap::Parser as _;
use std::{io::Write as _, process::ExitCode, time::Duration};
use turnscope_agents::{AgentError, tools::builtin::Builtin};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&anyhow::Error::new(error)),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => commands::or_cancelled(Box::pin(commands::run(args))).await,
            Command::Ingest(args) => commands::or_cancelled(Box::pin(commands::ingest(args))).await,
            Command::Serve(args) => commands::serve(args).await,
            Command::Work(args) => commands::or_cancelled(Box::pin(commands::work(args))).await,
            Command::Scenarios(args) => commands::or_cancelled(Box::pin(commands::scenarios(args))).await,
            Command::Tools(args) => Builtin::new(&args.docs).serve().await,
        }
    });
    // Cancels the runs that are still going on, while their spans can still be exported.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let _ = turnscope::shutdown(); // it logs what was lost
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
