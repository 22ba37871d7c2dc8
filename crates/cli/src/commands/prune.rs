//! `turnscope prune`.

use super::vacuum::size;
use crate::{
    client::Client,
    exit::{Failure, Outcome},
    output, progress,
    render::human,
    settings::{Flags, READ, parse_bytes},
};
use serde_json::json;
use std::fmt::Write as _;
use turnscope_api::{Pruned, RuleReport};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Prune {
    /// Delete traces that were received more than this many days ago
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<f64>,
    /// Delete the oldest traces until the rest fits into this size, such as 2GB
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    retention_max_bytes: Option<u64>,
    /// Apply the rules of retention.toml, as the server does every hour
    #[arg(long)]
    rules: bool,
    /// Delete nothing, and say what would go
    #[arg(long)]
    dry_run: bool,
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
    if args.retention_days.is_none() && args.retention_max_bytes.is_none() && !args.rules {
        return Err(Failure::usage("no limit was given")
            .hint("use --retention-days, --retention-max-bytes or --rules, or several of them"));
    }
    let client = Client::write(args.from.resolve()?)?;
    let spinner = progress::spinner("pruning");
    let reply = client.post(
        "/v1/prune",
        &json!({ "retention_days": args.retention_days, "retention_max_bytes": args.retention_max_bytes,
            "rules": args.rules, "dry_run": args.dry_run, "vacuum": args.vacuum }),
    )?;
    spinner.finish_and_clear();
    if args.json {
        return output::json(&reply);
    }
    let pruned: Pruned = serde_json::from_value(reply.clone())
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))?;
    let mut out = String::new();
    for rule in &pruned.rules {
        let _ = writeln!(out, "{}", of_rule(rule, args.dry_run));
    }
    if let Some(over) = pruned.bytes_over {
        let _ = match over {
            0 => writeln!(out, "The store is smaller than the limit of size."),
            over => writeln!(
                out,
                "The store is {} over the limit of size: the oldest would go until they are freed.",
                human::bytes(over)
            ),
        };
    }
    if !args.dry_run {
        out.push_str(&deleted(&pruned));
        out.push_str(&size(&reply));
    }
    output::print(&out)
}

fn of_rule(rule: &RuleReport, dry_run: bool) -> String {
    let name = match rule.runs.as_deref() {
        None => "the limit of age",
        Some("") => "all runs",
        Some(runs) => runs,
    };
    let tense = if dry_run { "would be" } else { "were" };
    let old = human::plural(rule.matched, "old trace");
    let (deleted, contents) = (rule.deleted, rule.contents_deleted);
    format!("{name}: of {old}, {deleted} {tense} deleted, and {contents} {tense} left without contents")
}

fn deleted(pruned: &Pruned) -> String {
    let mut parts = vec![human::plural(pruned.traces, "trace")];
    if pruned.contents > 0 {
        parts.push(format!("the contents of {}", human::plural(pruned.contents, "trace")));
    }
    if pruned.metrics > 0 {
        parts.push(human::plural(pruned.metrics, "metric"));
    }
    let records = human::plural(pruned.records, "record");
    match &parts[..] {
        [one] => format!("Deleted {one} with {records}.\n"),
        many => format!("Deleted {}, with {records}.\n", many.join(", ")),
    }
}
