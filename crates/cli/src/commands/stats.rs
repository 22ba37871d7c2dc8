//! `turnscope stats`.

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
pub(crate) struct Stats {
    /// Group by agent, model, provider, tool, tag, service, `user_id`, `session_id`, …; comma-separated
    #[arg(short, long, value_name = "FIELDS")]
    group_by: Option<String>,
    /// Group by time: minute, hour, day, or a number of seconds
    #[arg(long, value_name = "WIDTH")]
    bucket: Option<String>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    reading: Reading,
}

/// Shows statistics.
pub(crate) fn stats(args: &Stats) -> Outcome {
    let client = args.reading.client()?;
    let [q, tz] = args.filter.parameters();
    let path = format!(
        "/v1/stats{}",
        query(&[("group_by", args.group_by.clone()), ("bucket", args.bucket.clone()), q, tz])
    );
    let style = TerminalStyle::for_stdout();
    args.reading.show(&client, &path, |stats: &turnscope_api::Stats| render::stats::stats(&style, stats))
}
