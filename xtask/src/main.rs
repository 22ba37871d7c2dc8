//! The developer's commands: `cargo xtask check` does what CI does.

mod deny;
mod picture;

use anyhow::bail;
use clap::{Parser, Subcommand};
use std::process::Command;

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that CI does: lint, then test.
    Check,
    /// Formatter, clippy, documentation, licences and duplicates.
    Lint,
    /// All tests.
    Test,
    /// Licences and duplicate versions, by deny.toml.
    Deny,
    /// The README's pictures, from the demo's own output.
    Picture,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Check => {
            lint()?;
            test()
        }
        Task::Lint => lint(),
        Task::Test => test(),
        Task::Deny => deny::check(),
        Task::Picture => picture::draw(),
    }
}

fn lint() -> anyhow::Result<()> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"], &[])?;
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    deny::check()
}

fn test() -> anyhow::Result<()> {
    cargo(&["test", "--workspace"], &[])
}

fn cargo(args: &[&str], env: &[(&str, &str)]) -> anyhow::Result<()> {
    eprintln!("$ cargo {}", args.join(" "));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(cargo).args(args).envs(env.iter().copied()).status()?;
    if !status.success() {
        bail!("cargo {} failed", args.join(" "));
    }
    Ok(())
}
