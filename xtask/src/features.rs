//! Checks that a debug build and a test build use the same features of every dependency, so that neither builds it again.

use anyhow::bail;
use std::collections::BTreeSet;

/// Fails with each package that tests would build again because a `[dev-dependencies]` section asks for more features.
pub(crate) fn check() -> anyhow::Result<()> {
    let tests = packages("normal,build,dev")?;
    let again: Vec<String> = packages("normal,build")?.difference(&tests).cloned().collect();
    if again.is_empty() {
        return Ok(());
    }
    bail!(
        "tests use more features of these packages than `cargo run --bin turnscope` does, which builds them with the features \
         shown; name the features that are missing in tests/Cargo.toml:\n  {}",
        again.join("\n  ")
    )
}

/// Each package of the workspace's dependency tree with its version and features.
fn packages(edges: &str) -> anyhow::Result<BTreeSet<String>> {
    let arguments = ["tree", "--workspace", "--edges", edges, "--prefix", "none", "--format", "{p} {f}"];
    let output = crate::command(&arguments).stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    // ` (*)` marks a package whose dependencies were shown before.
    let lines = String::from_utf8(output.stdout)?;
    Ok(lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect())
}
