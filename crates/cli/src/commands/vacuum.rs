//! `turnscope vacuum`.

use crate::{
    client::Client,
    exit::Outcome,
    output, progress,
    render::human,
    settings::{Flags, READ},
};
use serde_json::{Value, json};

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Vacuum {
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Gives free room back to the disk: the running server does it, or this process where none runs.
pub(crate) fn vacuum(args: &Vacuum) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let spinner = progress::spinner("vacuuming; a running server stores nothing meanwhile");
    let reply = client.post("/v1/vacuum", &json!({}))?;
    spinner.finish_and_clear();
    if args.json { output::json(&reply) } else { output::print(&size(&reply)) }
}

/// How large the store is now.
pub(crate) fn size(reply: &Value) -> String {
    let n = |key: &str| reply.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (used, free) = (n("used_bytes"), n("free_bytes"));
    let free = if free * 20 > used {
        format!(
            ", {} free within the file (`turnscope vacuum` gives it back to the disk)",
            human::bytes(free)
        )
    } else {
        String::new()
    };
    format!("The store holds {}{free}.\n", human::bytes(used))
}
