//! The web UI's commands, through npm: install, check, build, browser tests.

use anyhow::{Context as _, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Checks types, style and formatting.
pub(crate) fn lint() -> anyhow::Result<()> {
    install()?;
    npm(&["run", "--silent", "check"])
}

/// Tests functions and components without a browser.
pub(crate) fn test() -> anyhow::Result<()> {
    install()?;
    npm(&["run", "--silent", "test"])
}

/// Builds `ui/dist`, which the binary embeds.
pub(crate) fn build() -> anyhow::Result<()> {
    install()?;
    npm(&["run", "--silent", "build"])
}

/// Runs the browser tests against this binary.
pub(crate) fn browse(binary: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command.args(["run", "--silent", "browse", "--"]).args(arguments).env("TURNSCOPE_BIN", binary);
    run(command)
}

/// Installs the npm packages in the lock file, unless that has been done.
fn install() -> anyhow::Result<()> {
    let time = |path: PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let installed = time(folder().join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= time(folder().join("package-lock.json")) {
        return Ok(());
    }
    npm(&["ci", "--prefer-offline", "--no-audit", "--no-fund"])
}

fn npm(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command.args(arguments);
    run(command)
}

fn run(mut command: Command) -> anyhow::Result<()> {
    command.current_dir(folder());
    eprintln!("$ cd ui && {command:?}");
    let status =
        command.status().context("npm is missing: install Node.js 20.19 or newer to build the web UI")?;
    if !status.success() {
        bail!("{command:?} failed in ui/");
    }
    Ok(())
}

/// The folder `ui/` of the current checkout. Asked at run time, because clones that share a target directory share this binary.
fn folder() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).join("../ui")
}
