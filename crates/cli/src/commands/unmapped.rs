//! `turnscope unmapped`.

use super::{
    filter::Filter,
    reading::{Reading, query},
};
use crate::{
    exit::Outcome,
    render::{self, terminal_style::TerminalStyle},
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Unmapped {
    /// Maximum number of entries
    #[arg(short = 'n', long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Maximum number of spans and log records to look at, those of the newest runs and traces first
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    records: u32,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    reading: Reading,
}

/// Lists what no rule understood.
pub(crate) fn unmapped(args: &Unmapped) -> Outcome {
    let client = args.reading.client()?;
    let [q, tz] = args.filter.parameters();
    let path = format!(
        "/v1/unmapped{}",
        query(&[("limit", Some(args.limit.to_string())), ("records", Some(args.records.to_string())), q, tz])
    );
    let style = TerminalStyle::for_stdout();
    args.reading.show(&client, &path, |found| render::unmapped::unmapped(&style, found))
}
