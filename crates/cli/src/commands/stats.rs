//! `turnscope stats`.

use super::reading::{Reading, query};
use crate::{
    exit::Outcome,
    render::{self, look::Look},
};

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Stats {
    /// By what: agent, model, provider, tool, tag, service, `user_id`, `session_id`, …; several separated by commas
    #[arg(short, long, value_name = "FIELDS")]
    group_by: Option<String>,
    /// One group per minute, hour, day or so many seconds
    #[arg(long, value_name = "WIDTH")]
    bucket: Option<String>,
    /// Only runs for which this holds, such as `agent:triage started>-24h`
    #[arg(short, long, value_name = "QUERY")]
    query: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Figures over runs.
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
    let look = Look::of_stdout();
    args.reading.show(&client, &path, |stats: &turnscope_api::Stats| render::stats::stats(&look, stats))
}
