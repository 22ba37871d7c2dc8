//! `turnscope show`.

use super::reading::{Reading, query, run_id};
use crate::{
    client::{Client, encode},
    exit::{Failure, Outcome},
    output,
    render::{self, terminal_style::TerminalStyle},
};
use serde_json::{Value, json};
use turnscope_api::{RunDetail, Timeline, TurnDetail};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Show {
    /// A run id or its prefix, a trace id, the application's own id, or `last`
    run: String,
    /// Also show messages: what was new in each turn, the model's output and tool results
    #[arg(short, long)]
    messages: bool,
    /// Show the messages of this turn only
    #[arg(long, value_name = "N")]
    turn: Option<u64>,
    /// Leave out the steps of child runs
    #[arg(long)]
    no_children: bool,
    /// The first step to show, for very large runs
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: usize,
    /// Maximum number of steps to show
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    reading: Reading,
}

/// Shows one run.
pub(crate) fn show(args: &Show) -> Outcome {
    let client = args.reading.client()?;
    let id = run_id(&client, &args.run)?;
    let timeline = format!(
        "/v1/runs/{id}/timeline{}",
        query(&[
            ("from", Some(args.from.to_string())),
            ("limit", Some(args.limit.to_string())),
            ("children", args.no_children.then(|| "false".to_owned())),
        ])
    );
    if args.reading.json {
        return as_json(args, &client, &id, &timeline);
    }
    let style = TerminalStyle::for_stdout();
    let run: RunDetail = client.get(&format!("/v1/runs/{id}"))?;
    let mut text = if args.turn.is_some() {
        render::header::header(&style, &run) + "\n"
    } else {
        let timeline: Timeline = client.get(&timeline)?;
        render::show::show(&style, &run, &timeline)
    };
    if args.messages || args.turn.is_some() {
        text.push('\n');
        text.push_str(&messages(args, &client, &style, &run)?);
    }
    output::print(&text)
}

/// The messages of the run's turns, then those of its child runs.
fn messages(
    args: &Show,
    client: &Client,
    style: &TerminalStyle,
    detail: &RunDetail,
) -> Result<String, Failure> {
    let run = &detail.run;
    let mut out = String::new();
    if let Some(n) = args.turn {
        let turn: TurnDetail = client.get(&format!("/v1/runs/{}/turns/{n}", encode(&run.run_id)))?;
        return Ok(render::messages::turn(style, "", &turn));
    }
    let several = !detail.children.is_empty() && !args.no_children;
    let all = std::iter::once(run).chain(detail.children.iter().filter(|_| !args.no_children));
    for one in all {
        let name = if several { render::runs::name(one) } else { String::new() };
        let numbers: Vec<u64> = if one.run_id == run.run_id {
            detail.turns.iter().map(|turn| turn.n).collect()
        } else {
            let detail: RunDetail = client.get(&format!("/v1/runs/{}", encode(&one.run_id)))?;
            detail.turns.iter().map(|turn| turn.n).collect()
        };
        for n in numbers {
            let turn: TurnDetail = client.get(&format!("/v1/runs/{}/turns/{n}", encode(&one.run_id)))?;
            out.push_str(&render::messages::turn(style, &name, &turn));
            out.push('\n');
        }
    }
    Ok(out)
}

/// The run and its timeline; with `--messages`, the complete turns too.
fn as_json(args: &Show, client: &Client, id: &str, timeline: &str) -> Outcome {
    let mut run: Value = client.get(&format!("/v1/runs/{id}"))?;
    if let Some(n) = args.turn {
        return output::json(&client.get(&format!("/v1/runs/{id}/turns/{n}"))?);
    }
    if args.messages {
        let numbers: Vec<u64> = run["turns"]
            .as_array()
            .map(|turns| turns.iter().filter_map(|turn| turn["n"].as_u64()).collect())
            .unwrap_or_default();
        let mut turns: Vec<Value> = Vec::with_capacity(numbers.len());
        for n in numbers {
            turns.push(client.get(&format!("/v1/runs/{id}/turns/{n}"))?);
        }
        run["turns"] = Value::Array(turns);
    }
    let timeline: Value = client.get(timeline)?;
    output::json(&json!({ "run": run, "timeline": timeline }))
}
