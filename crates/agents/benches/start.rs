//! Total run time of the program with one model call, with and without an `observability` section:
//! `cargo bench -p turnscope-agents --bench start`. The variants alternate, so that other load affects all of them.

#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use turnscope_scripted_model::{Reply, Script, ScriptedModel};

const ROUNDS: usize = 60;

const WAYS: [(&str, &str); 3] = [
    ("without observability", ""),
    ("with it, to stderr", "  observability: {backend: console}\n"),
    (
        "with it, unreachable OTLP endpoint",
        "  observability: {backend: otlp, endpoint: 'http://127.0.0.1:9'}\n",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let model = ScriptedModel::start(Script::new().reply(Reply::text("Hello.").repeated()))?;
    let folder = tempfile::tempdir()?;
    for (at, (_, section)) in WAYS.iter().enumerate() {
        let role = format!(
            "kind: Agent\nmetadata: {{name: clerk}}\nspec:\n  model: {{provider: openai, name: m}}\n  role: You are a clerk.\n{section}"
        );
        fs::write(folder.path().join(format!("{at}.yaml")), role)?;
    }
    let run = |args: &[&str]| -> Result<Duration, Box<dyn Error>> {
        let began = Instant::now();
        let ended = Command::new(env!("CARGO_BIN_EXE_turnscope-agents"))
            .args(args)
            .env_clear()
            .env("OPENAI_BASE_URL", model.base_url())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        let took = began.elapsed();
        if ended.success() { Ok(took) } else { Err(format!("{args:?} ended with {ended}").into()) }
    };
    let mut times = [const { Vec::new() }; WAYS.len() + 1];
    for _ in 0..ROUNDS {
        times[WAYS.len()].push(run(&["--version"])?);
        for (at, times) in times.iter_mut().take(WAYS.len()).enumerate() {
            times.push(run(&["run", &format!("{at}.yaml"), "-p", "Hi", "--no-audit"])?);
        }
    }
    let names = WAYS.iter().map(|(name, _)| *name).chain(["--version alone"]);
    for (name, times) in names.zip(&mut times) {
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 100];
        println!("{name}: median {:?}, p10 {:?}, p90 {:?}", at(50), at(10), at(90));
    }
    Ok(())
}
