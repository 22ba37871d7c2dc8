//! `turnscope sessions`.

use super::reading::{Reading, query};
use crate::{
    exit::Outcome,
    render::{self, terminal_style::TerminalStyle},
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Sessions {
    /// Maximum number of sessions
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only sessions of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Lists sessions.
pub(crate) fn sessions(args: &Sessions) -> Outcome {
    let client = args.reading.client()?;
    let path = format!(
        "/v1/sessions{}",
        query(&[("limit", Some(args.limit.to_string())), ("user_id", args.user.clone())])
    );
    let style = TerminalStyle::for_stdout();
    args.reading
        .show(&client, &path, |all: &turnscope_api::Sessions| render::runs::sessions(&style, &all.sessions))
}
