//! `turnscope prune`.

use super::vacuum::size;
use crate::{
    client::Client,
    exit::{Failure, Outcome},
    output, progress,
    render::human,
    settings::{Flags, READ, parse_bytes},
};
use serde_json::{Value, json};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Prune {
    /// Delete traces that were received more than this many days ago
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<f64>,
    /// Delete the oldest traces until the rest fits into this size, such as 2GB
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    retention_max_bytes: Option<u64>,
    /// Also return free space to the disk
    #[arg(long)]
    vacuum: bool,
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prunes through the running server, or in this process if none runs.
pub(crate) fn prune(args: &Prune) -> Outcome {
    if args.retention_days.is_none() && args.retention_max_bytes.is_none() {
        return Err(
            Failure::usage("no limit was given").hint("use --retention-days, --retention-max-bytes, or both")
        );
    }
    let client = Client::write(args.from.resolve()?)?;
    let spinner = progress::spinner("pruning");
    let pruned = client.post(
        "/v1/prune",
        &json!({ "retention_days": args.retention_days, "retention_max_bytes": args.retention_max_bytes,
            "vacuum": args.vacuum }),
    )?;
    spinner.finish_and_clear();
    if args.json {
        return output::json(&pruned);
    }
    let n = |key: &str| pruned.get(key).and_then(Value::as_u64).unwrap_or(0);
    output::print(&format!(
        "Deleted {} with {}{}.\n{}",
        human::plural(n("traces"), "trace"),
        human::plural(n("records"), "record"),
        if n("metrics") > 0 {
            format!(", and {}", human::plural(n("metrics"), "metric"))
        } else {
            String::new()
        },
        size(&pruned)
    ))
}
