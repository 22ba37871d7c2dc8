//! The `turnscope` command: reads what was typed, calls the command of that name, turns errors into words and exit codes.

mod commands;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shows what an AI agent did, why, and what it cost, turn by turn.
#[derive(Parser)]
#[command(name = "turnscope", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receive OpenTelemetry, keep it, and show it.
    #[command(alias = "server")]
    Serve(commands::serve::Serve),
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(args) => commands::serve::serve(&args),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("turnscope: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
