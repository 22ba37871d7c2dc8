//! `scripted-model SCRIPT.json`: serves a script, prints the address to stdout, and runs until it is stopped.

use anyhow::Context as _;
use clap::Parser;
use std::{io::Write as _, net::SocketAddr, path::PathBuf};
use turnscope_scripted_model::{Script, ScriptedModel};

/// A model server that answers from a script.
#[derive(Debug, Parser)]
struct Cli {
    /// The script: {"replies": [{"text": "…"}, …]}
    script: PathBuf,
    /// The address to listen on; port 0 picks a free port
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let text = std::fs::read(&cli.script).with_context(|| format!("cannot read {}", cli.script.display()))?;
    let script: Script = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a valid script", cli.script.display()))?;
    let model = ScriptedModel::start_on(script, cli.listen)
        .with_context(|| format!("cannot listen on {}", cli.listen))?;
    writeln!(std::io::stdout(), "{}", model.base_url())?;
    model.join();
    Ok(())
}
