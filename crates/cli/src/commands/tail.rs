//! `turnscope tail`: prints runs as they change, from the server's live stream, or by polling if no server
//! runs.

use super::reading::Reading;
use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    output,
    render::{self, terminal_style::TerminalStyle},
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use turnscope_api::Run;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Tail {
    /// Include child runs
    #[arg(short, long)]
    all: bool,
    /// Number of existing runs to show first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1000))]
    last: u32,
    /// Exit after this many lines
    #[arg(long, value_name = "N", hide = true)]
    stop_after: Option<u64>,
    #[command(flatten)]
    reading: Reading,
}

/// How often to poll a data directory.
const POLL: Duration = Duration::from_millis(700);

/// Follows until Ctrl-C or until the server stops.
pub(crate) fn tail(args: &Tail) -> Outcome {
    let client = args.reading.client()?;
    let mut printer = Printer { args, shown: HashMap::new(), lines: 0 };
    let recent = latest(&client, args, args.last)?;
    for run in recent.into_iter().rev() {
        printer.put(&run)?;
    }
    if client.is_local() {
        loop {
            std::thread::sleep(POLL);
            for run in latest(&client, args, 50)?.into_iter().rev() {
                if printer.put(&run)? {
                    return Ok(());
                }
            }
        }
    }
    let mut last_id = String::new();
    let mut buffer = Vec::new();
    loop {
        let mut done = false;
        let resume = last_id.clone();
        let headers: Vec<(&str, &str)> =
            if resume.is_empty() { Vec::new() } else { vec![("last-event-id", resume.as_str())] };
        buffer.clear();
        client.follow("/v1/live", &headers, |bytes| {
            buffer.extend_from_slice(bytes);
            while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = buffer.drain(..end + 2).collect();
                let event = Event::parse(&String::from_utf8_lossy(&event));
                if !event.id.is_empty() {
                    last_id = event.id;
                }
                if let Some(run) = event.run
                    && printer.put(&run)?
                {
                    done = true;
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if done {
            return Ok(());
        }
        // The stream ended. If the server was only restarted, resume after the last event.
        std::thread::sleep(POLL);
        client.get_bytes("/health").map_err(|_| {
            Failure::new(Code::Unreachable, "the server has stopped")
                .hint("`turnscope serve` starts it again")
        })?;
    }
}

fn latest(client: &Client, args: &Tail, limit: u32) -> Result<Vec<Value>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let roots = if args.all { "" } else { "&roots_only=true" };
    let mut list: Value = client.get(&format!("/v1/runs?limit={limit}{roots}"))?;
    match list["runs"].take() {
        Value::Array(runs) => Ok(runs),
        _ => Ok(Vec::new()),
    }
}

struct Printer<'a> {
    args: &'a Tail,
    /// The last line printed for each run.
    shown: HashMap<String, String>,
    lines: u64,
}

impl Printer<'_> {
    /// Prints a run if it has changed. Returns true when enough lines were printed.
    fn put(&mut self, value: &Value) -> Result<bool, Failure> {
        let Ok(run) = serde_json::from_value::<Run>(value.clone()) else { return Ok(false) };
        if run.parent_run_id.is_some() && !self.args.all {
            return Ok(false);
        }
        let line = render::runs::line(&TerminalStyle::for_stdout(), &run);
        if self.shown.get(&run.run_id) == Some(&line) {
            return Ok(false);
        }
        if self.args.reading.json {
            output::json_line(value)?;
        } else {
            output::print(&line)?;
        }
        self.shown.insert(run.run_id, line);
        self.lines += 1;
        Ok(self.args.stop_after.is_some_and(|most| self.lines >= most))
    }
}

/// One server-sent event.
#[derive(Default)]
struct Event {
    id: String,
    run: Option<Value>,
}

impl Event {
    fn parse(text: &str) -> Self {
        let mut event = Self::default();
        let mut data = String::new();
        for line in text.lines() {
            if let Some(id) = line.strip_prefix("id:") {
                id.trim().clone_into(&mut event.id);
            } else if let Some(more) = line.strip_prefix("data:") {
                data.push_str(more.trim_start());
            }
        }
        let mut data: Value = serde_json::from_str(&data).unwrap_or_default();
        event.run = data.get_mut("run").map(Value::take);
        event
    }
}
