//! `turnscope runs`.

use super::{
    filter::Filter,
    reading::{Reading, query},
    unreadable::Unreadable,
};
use crate::{
    exit::{Failure, Outcome},
    output,
    render::{self, terminal_style::TerminalStyle},
};
use serde::Deserialize as _;
use serde_json::Value;
use turnscope_api::RunList;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Runs {
    #[command(flatten)]
    filter: Filter,
    /// Maximum number of runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Include child runs
    #[arg(short, long)]
    all: bool,
    /// Sort by `started_at`, `duration`, `cost` or `tokens`; with a leading minus, largest first
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    order: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Lists runs.
pub(crate) fn runs(args: &Runs) -> Outcome {
    let client = args.reading.client()?;
    let [q, tz] = args.filter.parameters();
    let path = format!(
        "/v1/runs{}",
        query(&[
            ("limit", Some(args.limit.to_string())),
            ("roots_only", (!args.all).then(|| "true".to_owned())),
            q,
            tz,
            ("order", args.order.clone()),
        ])
    );
    let answer: Value = client.get(&path)?;
    let list = RunList::deserialize(&answer).map_err(|error| {
        Failure::failed(format!("the answer makes no sense: {error}"))
            .hint("is it a turnscope of another version?")
    })?;
    if args.reading.json {
        output::json(&answer)?;
    } else {
        output::print(&render::runs::runs(&TerminalStyle::for_stdout(), &list, args.filter.is_given()))?;
    }
    Unreadable::default().tell(&list.unreadable);
    Ok(())
}
