//! `turnscope stats`.

use super::reading::{Reading, query};
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
    /// Only runs that match this query, such as `agent:triage started>-24h`
    #[arg(short, long, value_name = "QUERY")]
    query: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Shows statistics.
pub(crate) fn stats(args: &Stats) -> Outcome {
    let client = args.reading.client()?;
    let path = format!(
        "/v1/stats{}",
        query(&[
            ("group_by", args.group_by.clone()),
            ("bucket", args.bucket.clone()),
            ("q", args.query.clone())
        ])
    );
    let style = TerminalStyle::for_stdout();
    args.reading.show(&client, &path, |stats: &turnscope_api::Stats| render::stats::stats(&style, stats))
}
