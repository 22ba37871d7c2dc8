//! `turnscope vacuum`.

use crate::{
    client::Client,
    exit::Outcome,
    output, progress,
    render::human,
    settings::{Flags, READ},
};
use serde_json::{Value, json};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Vacuum {
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Vacuums through the running server, or in this process if none runs.
pub(crate) fn vacuum(args: &Vacuum) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let spinner = progress::spinner("vacuuming");
    let reply = client.post("/v1/vacuum", &json!({}))?;
    spinner.finish_and_clear();
    if args.json { output::json(&reply) } else { output::print(&size(&reply)) }
}

/// The size of the store, as text.
pub(crate) fn size(reply: &Value) -> String {
    let n = |key: &str| reply.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (used, free) = (n("used_bytes"), n("free_bytes"));
    let free = if free * 20 > used {
        format!(", {} of it free (`turnscope vacuum` returns free space to the disk)", human::bytes(free))
    } else {
        String::new()
    };
    format!("The store uses {}{free}.\n", human::bytes(used))
}
