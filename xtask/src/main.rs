//! The developer's commands: `cargo xtask check` does what CI does.

mod deny;
mod fuzz;
mod picture;
mod ui;

use anyhow::bail;
use cargo_metadata::camino::Utf8PathBuf;
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
    /// Formatter, clippy, documentation, licences and duplicates; types and linter of the UI.
    Lint,
    /// All tests: the UI's own, the workspace's, and those of the real binary in a real browser.
    Test,
    /// The web UI, then the binary that embeds it.
    Build {
        /// Optimised, as it is shipped.
        #[arg(long)]
        release: bool,
    },
    /// The web UI and the binary, then the server with sample runs; arguments go to `turnscope demo`.
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The browser tests only, with arguments for Playwright.
    Browse {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Licences and duplicate versions, by deny.toml.
    Deny,
    /// Random inputs for the readers of foreign bytes, see fuzz/README.md.
    Fuzz {
        /// How long, over all targets.
        #[arg(default_value_t = 300)]
        seconds: u64,
    },
    /// The pictures of the docs: the terminal's and the web UI's, from the demo.
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
        Task::Build { release } => {
            ui::build()?;
            cargo(if release { &["build", "--release"] } else { &["build"] }, &[])
        }
        Task::Demo { arguments } => {
            ui::build()?;
            let run = ["run", "--release", "--package", "turnscope-cli", "--", "demo"];
            let arguments = run.into_iter().chain(arguments.iter().map(String::as_str));
            cargo(&arguments.collect::<Vec<_>>(), &[])
        }
        Task::Browse { arguments } => {
            ui::build()?;
            browse(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Task::Deny => deny::check(),
        Task::Fuzz { seconds } => fuzz::run(seconds),
        Task::Picture => {
            ui::build()?;
            browse(&["--config", "pictures.config.ts"])?;
            picture::draw()
        }
    }
}

fn lint() -> anyhow::Result<()> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"], &[])?;
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    deny::check()?;
    ui::lint()
}

/// The UI is built before the binary, so that what is tested is what is shipped.
fn test() -> anyhow::Result<()> {
    ui::test()?;
    ui::build()?;
    let programs = programs()?;
    cargo(&["test", "--workspace"], &[("TURNSCOPE_PROGRAMS", programs.as_str())])?;
    ui::browse(programs.join("turnscope").as_std_path(), &[])
}

fn browse(arguments: &[&str]) -> anyhow::Result<()> {
    cargo(&["build", "--package", "turnscope-cli"], &[])?;
    ui::browse(programs()?.join("turnscope").as_std_path(), arguments)
}

/// The folder in which Cargo puts a debug build's programs: `cargo build`, and `cargo test` of packages with integration tests.
fn programs() -> anyhow::Result<Utf8PathBuf> {
    Ok(cargo_metadata::MetadataCommand::new().no_deps().exec()?.target_directory.join("debug"))
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
