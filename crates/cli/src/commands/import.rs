//! `turnscope import`: imports exported runs and OTLP files into the running server or the data directory.
//!
//! Here: files and what is in them. Below: requests in pieces (`pieces`), sending (`send`), tags and scores (`marks`).

mod marks;
mod pieces;
mod send;

use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    progress,
    render::human,
    settings::{Flags, READ},
};
use pieces::Signal;
use send::Sender;
use serde_json::{Value, value::RawValue};
use std::{
    fmt::Write as _,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// Files written by `export`, OTLP/JSON (one request, or one a line) or OTLP/protobuf (`.traces.pb`, `.logs.pb` or
    /// `.metrics.pb`), gzip or not; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Leave out the first N objects of the first file, which an import that stopped has taken
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u64,
    #[command(flatten)]
    from: Flags<READ>,
}

/// What was taken.
#[derive(Default)]
pub(crate) struct Taken {
    /// Spans, log records and metrics; those that the server had already are among them.
    records: u64,
    runs: u64,
    scores: u64,
    /// What the server left out, and the first reason.
    rejected: u64,
    why: Option<String>,
}

/// Imports files. What was taken is said also when the import stops.
pub(crate) fn import(args: &Import) -> Outcome {
    let client = Client::write(args.from.resolve()?)?;
    let mut taken = Taken::default();
    let mut imported = Ok(());
    for (n, path) in args.files.iter().enumerate() {
        imported = file(&client, path, if n == 0 { args.skip } else { 0 }, &mut taken);
        if imported.is_err() {
            break;
        }
    }
    eprintln!("{taken}");
    imported
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("Imported {}", human::plural(self.records, "record"));
        if self.runs > 0 {
            write!(text, ", {}", human::plural(self.runs, "exported run"))?;
        }
        if self.scores > 0 {
            write!(text, ", {}", human::plural(self.scores, "score"))?;
        }
        if self.rejected > 0 {
            write!(text, "; {} rejected", human::plural(self.rejected, "record"))?;
        }
        if let Some(why) = &self.why {
            write!(text, " ({why})")?;
        }
        write!(f, "{text}. `turnscope runs` lists the runs.")
    }
}

/// Imports one file, object by object.
fn file(client: &Client, path: &Path, skip: u64, taken: &mut Taken) -> Outcome {
    let name = path.display().to_string();
    let cannot = |error: std::io::Error| Failure::new(Code::Failed, format!("cannot read {name}: {error}"));
    let (input, size): (Box<dyn Read>, u64) = if path.as_os_str() == "-" {
        (Box::new(std::io::stdin().lock()), 0)
    } else {
        let file = File::open(path).map_err(cannot)?;
        let size = file.metadata().map_err(cannot)?.len();
        (Box::new(file), size)
    };
    let bar = progress::bytes(size, name.clone());
    let mut input = BufReader::with_capacity(1 << 16, bar.wrap_read(input));
    let is_gzip = input.fill_buf().map_err(cannot)?.starts_with(&[0x1f, 0x8b]);
    let imported = if is_gzip {
        let plain = flate2::read::MultiGzDecoder::new(input);
        stream(client, &name, BufReader::with_capacity(1 << 16, plain), skip, taken)
    } else {
        stream(client, &name, input, skip, taken)
    };
    bar.finish_and_clear();
    imported
}

/// Imports what a reader gives. Only one object of it is held at once.
pub(crate) fn stream(
    client: &Client,
    name: &str,
    mut input: impl BufRead,
    skip: u64,
    taken: &mut Taken,
) -> Outcome {
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot read {name}: {error}"));
    let first = loop {
        let bytes = input.fill_buf().map_err(cannot)?;
        let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match (bytes.get(blank).copied(), bytes.is_empty()) {
            (Some(first), _) => break first,
            (None, true) => return Err(Failure::failed(format!("{name} is empty"))),
            (None, false) => input.consume(blank),
        }
    };
    let mut sender = Sender::new(client);
    if first != b'{' && first != b'[' {
        let mut body = Vec::new();
        input.read_to_end(&mut body).map_err(cannot)?;
        let reply = sender.post(signal_of(name), "application/x-protobuf", &body.into());
        return reply.and_then(|reply| taken.count(1, reply)).map_err(|failure| failure.about(name));
    }
    let values = serde_json::Deserializer::from_reader(input).into_iter::<Box<RawValue>>();
    for (done, value) in (0..).zip(values) {
        let imported = value
            .map_err(|error| Failure::failed(format!("this is not valid JSON, or was cut off: {error}")))
            .and_then(|value| if done < skip { Ok(()) } else { objects(client, &mut sender, &value, taken) });
        if let Err(failure) = imported {
            return Err(stopped(failure, name, done));
        }
    }
    Ok(())
}

/// Says where the import stopped, and how it goes on.
fn stopped(failure: Failure, name: &str, done: u64) -> Failure {
    let failure = failure.about(&format!("{name}, object {}", done + 1));
    if done == 0 || failure.has_hint() {
        return failure;
    }
    failure.hint(format!(
        "the objects before it were taken: continue with `turnscope import --skip {done} {name}`, or import the file again, \
         which adds nothing twice"
    ))
}

/// Imports an object, or a list of them.
fn objects(client: &Client, sender: &mut Sender<'_>, value: &RawValue, taken: &mut Taken) -> Outcome {
    let json = value.get();
    if !json.starts_with('[') {
        return object(client, sender, json, taken);
    }
    let all: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|error| Failure::failed(error.to_string()))?;
    all.into_iter().try_for_each(|one| object(client, sender, one.get(), taken))
}

/// The parts of an exported run.
#[derive(serde::Deserialize)]
struct Exported<'a> {
    format: Option<Value>,
    #[serde(borrow)]
    otlp: Option<&'a RawValue>,
    #[serde(default)]
    runs: Value,
    #[serde(default)]
    scores: Value,
}

fn object(client: &Client, sender: &mut Sender<'_>, json: &str, taken: &mut Taken) -> Outcome {
    let malformed =
        |error: serde_json::Error| Failure::failed(format!("the object is not OTLP/JSON: {error}"));
    let exported: Exported<'_> = serde_json::from_str(json).map_err(malformed)?;
    let Some(format) = exported.format else {
        let telemetry = pieces::read(json).map_err(malformed)?.ok_or_else(|| {
            Failure::failed("this is neither an exported run nor OTLP/JSON")
                .hint("OTLP/JSON begins with resourceSpans, resourceLogs or resourceMetrics")
        })?;
        return sender.telemetry(telemetry, taken);
    };
    if format != "turnscope/1" {
        return Err(Failure::failed(format!("the format is {format}"))
            .hint("this version supports turnscope/1: use a newer turnscope"));
    }
    let telemetry = exported.otlp.map(|otlp| pieces::read(otlp.get())).transpose().map_err(malformed)?;
    if let Some(telemetry) = telemetry.flatten() {
        sender.telemetry(telemetry, taken)?;
    }
    taken.runs += 1;
    marks::give(client, &serde_json::json!({ "runs": exported.runs, "scores": exported.scores }), taken)
}

/// The signal of a protobuf file can only be told from its name.
fn signal_of(name: &str) -> Signal {
    let name = name.to_ascii_lowercase();
    if name.contains("logs") {
        Signal::Logs
    } else if name.contains("metrics") {
        Signal::Metrics
    } else {
        Signal::Traces
    }
}
