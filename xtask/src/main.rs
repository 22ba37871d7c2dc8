//! The developer's commands. `cargo xtask check` does what CI does.
//!
//! Cargo chooses the features of a dependency for the packages that are selected, and builds it again for other features. So
//! every debug build here selects the whole workspace, as `cargo run --bin turnscope` and `cargo test` do at its root, and
//! release builds select `turnscope-cli`, as `cargo install --path crates/cli` does.

mod cycles;
mod deny;
mod features;
mod fuzz;
mod picture;
mod ui;

use anyhow::bail;
use cargo_metadata::camino::{Utf8Path, Utf8PathBuf};
use clap::{Parser, Subcommand};
use std::process::{Command, Stdio};

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything that CI runs: `lint`, then `test`.
    Check,
    /// Check formatting, cycles of modules, clippy, documentation, licences, duplicate dependencies and features; types and
    /// style of the UI.
    Lint,
    /// Run all tests: the UI's, the workspace's, and those that drive the real binary in a real browser.
    Test,
    /// Build the web UI, then the binary that embeds it.
    Build {
        /// Optimise fully, as for a release.
        #[arg(long)]
        release: bool,
    },
    /// Build the web UI and the binary, then start a server with sample runs. Arguments go to `turnscope demo`.
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the browser tests only. Arguments go to Playwright.
    Browse {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check licences and duplicate dependencies against deny.toml.
    Deny,
    /// Run the readers of untrusted bytes on random inputs. See fuzz/README.md.
    Fuzz {
        /// How long to run, in seconds, for all targets together.
        #[arg(default_value_t = 300)]
        seconds: u64,
    },
    /// Take the pictures in docs/images again, from the demo.
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
            if release { cargo(&["build", "--release", "--package", "turnscope-cli"], &[]) } else { build() }
        }
        Task::Demo { arguments } => {
            ui::build()?;
            let run = ["run", "--bin", "turnscope", "--", "demo"];
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
    cycles::check()?;
    features::check()?;
    deny::check()?;
    cargo(
        &["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    cargo(
        &["clippy", "--package", "turnscope", "--no-default-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    cargo(
        &["doc", "--workspace", "--all-features", "--no-deps", "--document-private-items", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    ui::lint()
}

/// Builds the UI before the binary, so that the tests see what is shipped.
fn test() -> anyhow::Result<()> {
    ui::test()?;
    ui::build()?;
    let programs = programs()?;
    cargo(&["test", "--workspace", "--no-fail-fast"], &[("TURNSCOPE_PROGRAMS", programs.as_str())])?;
    test_buckets()?;
    scale(&programs)?;
    ui::browse(programs.join("turnscope").as_std_path(), &[])
}

/// The one test that needs a feature which is off by default.
fn test_buckets() -> anyhow::Result<()> {
    const TEST: &str = "a_content_of_a_bucket_is_read";
    let arguments =
        ["test", "--workspace", "--lib", "--features", "turnscope-server/cloud-content-stores", TEST];
    eprintln!("$ cargo {}", arguments.join(" "));
    let output = command(&arguments).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !text.contains(&format!("{TEST} ... ok")) {
        bail!("the test {TEST} failed or did not run:\n{text}");
    }
    Ok(())
}

/// The benchmark of many runs with a few: that it works, and every question is answered. Its figures mean nothing here.
fn scale(programs: &Utf8Path) -> anyhow::Result<()> {
    let turnscope = programs.join("turnscope");
    let few = ["--runs", "300", "--times", "2", "--rate", "300"];
    let arguments =
        ["run", "--quiet", "--bin", "turnscope-bench", "--", "scale", "--binary", turnscope.as_str()];
    cargo(&[&arguments[..], &few].concat(), &[])
}

fn browse(arguments: &[&str]) -> anyhow::Result<()> {
    build()?;
    ui::browse(programs()?.join("turnscope").as_std_path(), arguments)
}

/// Builds the debug binary.
fn build() -> anyhow::Result<()> {
    cargo(&["build", "--bin", "turnscope"], &[])
}

/// Where Cargo puts the binaries of a debug build. `cargo test` builds those of packages that have integration tests.
fn programs() -> anyhow::Result<Utf8PathBuf> {
    Ok(cargo_metadata::MetadataCommand::new().no_deps().exec()?.target_directory.join("debug"))
}

fn cargo(arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<()> {
    eprintln!("$ cargo {}", arguments.join(" "));
    if !command(arguments).envs(variables.iter().copied()).status()?.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
