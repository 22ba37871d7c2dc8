//! `turnscope reproject`.

use super::filter::Filter;
use crate::{
    client::Client,
    exit::Outcome,
    output, progress,
    render::human,
    settings::{Flags, READ},
};
use serde_json::json;
use std::time::Duration;
use turnscope_api::{ReprojectBody, Reprojection};

/// How often it is asked how far the work is.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Reproject {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Finds the facts of stored records again, through the running server, or in this process if none runs. A server goes on when
/// this command is interrupted.
pub(crate) fn reproject(args: &Reproject) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let [(_, q), (_, tz)] = args.filter.parameters();
    client.post("/v1/reproject", &json!(ReprojectBody { q, tz }))?;
    let bar = progress::bar(0, "reprojecting");
    let done = loop {
        let state: Reprojection = client.get("/v1/reproject")?;
        if !state.running {
            break state;
        }
        bar.set_length(state.done + state.left);
        bar.set_position(state.done);
        std::thread::sleep(ASK_EVERY);
    };
    bar.finish_and_clear();
    if args.json {
        return output::json(&json!(done));
    }
    output::print(&format!(
        "Looked at {}: {} by today's rules.\n",
        human::plural(done.done, "record"),
        match done.changed {
            0 => "nothing is different".to_owned(),
            1 => "1 is different".to_owned(),
            changed => format!("{} are different", human::count(changed)),
        }
    ))
}
