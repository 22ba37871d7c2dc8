//! `cargo xtask fuzz`: with cargo-fuzz where it and a nightly toolchain are installed, else with mutations of the corpus.

use crate::cargo;
use anyhow::Context as _;
use std::{
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

/// The corpus, a folder for each target.
const CORPUS: &str = "fuzz/corpus";

/// Runs every target for its share of the time.
pub(crate) fn run(seconds: u64) -> anyhow::Result<()> {
    if !has_cargo_fuzz() {
        eprintln!("cargo +nightly fuzz is not installed: the corpus is mutated instead");
        let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string();
        let env = [("TURNSCOPE_FUZZ_SECONDS", &*seconds.to_string()), ("TURNSCOPE_FUZZ_SEED", &*seed)];
        return cargo(&["test", "--release", "--package", "turnscope-fuzz"], &env);
    }
    let targets = targets()?;
    let share = format!("-max_total_time={}", seconds / targets.len().max(1) as u64);
    for target in targets {
        // What is found goes to the first folder, which is not kept.
        let found = format!("target/fuzz/{target}");
        std::fs::create_dir_all(&found)?;
        let kept = format!("{CORPUS}/{target}");
        let run =
            ["+nightly", "fuzz", "run", "--fuzz-dir", "fuzz/libfuzzer", &target, &found, &kept, "--", &share];
        eprintln!("$ cargo {}", run.join(" "));
        // By its name and not by $CARGO, which is one toolchain's: rustup reads `+nightly`.
        let status = Command::new("cargo").args(run).env_remove("RUSTUP_TOOLCHAIN").status()?;
        anyhow::ensure!(
            status.success(),
            "the target {target} failed; the input is in fuzz/libfuzzer/artifacts"
        );
    }
    Ok(())
}

fn targets() -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(CORPUS).context("run it from the root of the checkout")?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn has_cargo_fuzz() -> bool {
    let quiet = || Stdio::null();
    Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .env_remove("RUSTUP_TOOLCHAIN")
        .stdout(quiet())
        .stderr(quiet())
        .status()
        .is_ok_and(|status| status.success())
}
