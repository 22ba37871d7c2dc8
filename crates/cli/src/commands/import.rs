//! `turnscope import`: imports exported runs and OTLP files into the running server or the data directory.
//!
//! Here: files and the objects in them. Below: what an object holds (`json`, `protobuf`), its records on their way (`spool`) to
//! requests (`piece`), sending (`send`), tags and scores (`marks`).

mod json;
mod marks;
mod piece;
mod protobuf;
mod send;
mod spool;

use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    progress,
    render::human,
    settings::{Flags, READ},
};
use indicatif::ProgressBar;
use piece::Signal;
use protobuf::Framing;
use send::Sender;
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
    /// `.metrics.pb`; one request, or each behind its length in four bytes), gzip or not, of any size; `-` is stdin
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
    /// Runs whose contents had been deleted before they were exported.
    without_contents: u64,
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
        if self.without_contents > 0 {
            let runs = human::plural(self.without_contents, "exported run");
            write!(text, "; {runs} not or in part, since contents had been deleted before the export")?;
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
        let mut plain = BufReader::with_capacity(1 << 16, flate2::read::MultiGzDecoder::new(input));
        stream(client, &name, &mut plain, skip, taken, &bar)
    } else {
        stream(client, &name, &mut input, skip, taken, &bar)
    };
    bar.finish_and_clear();
    imported
}

/// Imports an object that is held.
pub(crate) fn object(client: &Client, name: &str, mut json: &[u8], taken: &mut Taken) -> Outcome {
    stream(client, name, &mut json, 0, taken, &ProgressBar::hidden())
}

/// How the objects of a file are written.
enum Objects {
    Json,
    Protobuf(Framing),
}

/// Imports what a reader gives, object by object. At most one record of it is held at once.
fn stream(
    client: &Client,
    name: &str,
    input: &mut dyn BufRead,
    skip: u64,
    taken: &mut Taken,
    bar: &ProgressBar,
) -> Outcome {
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot read {name}: {error}"));
    let objects = match input.fill_buf().map_err(cannot)? {
        [] => return Err(Failure::failed(format!("{name} is empty"))),
        bytes if is_json(bytes) => Objects::Json,
        bytes => Objects::Protobuf(Framing::of(bytes[0])),
    };
    if input.fill_buf().map_err(cannot)?.starts_with(BYTE_ORDER_MARK) {
        input.consume(BYTE_ORDER_MARK.len());
    }
    let mut sender = Sender::new(client, taken, name, bar);
    for done in 0.. {
        let has_more = match objects {
            Objects::Json => next_byte(input),
            Objects::Protobuf(_) => input.fill_buf().map(|bytes| bytes.first().copied()),
        };
        if has_more.map_err(cannot)?.is_none() {
            break;
        }
        let imported = match (&objects, done < skip) {
            (Objects::Json, false) => json::object(&mut *input, &mut sender),
            (Objects::Json, true) => json::skip(&mut *input),
            (Objects::Protobuf(framing), false) => {
                protobuf::request(input, *framing, signal_of(name), &mut sender)
            }
            (Objects::Protobuf(framing), true) => protobuf::skip(input, *framing),
        };
        if let Err(failure) = imported {
            return Err(stopped(failure, name, done, sender.taken));
        }
    }
    Ok(())
}

/// What some programs on Windows write before a text.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Whether a file that begins so is JSON. Protobuf may begin with the bytes of white space and a brace too, and has control
/// characters among them, which JSON has not.
fn is_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    matches!(text.first(), None | Some(b'{' | b'['))
        && text.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

/// The first byte that is no white space, which is left where it is; `None` at the end.
fn next_byte(input: &mut dyn BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let bytes = input.fill_buf()?;
        let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match (bytes.get(blank).copied(), bytes.is_empty()) {
            (None, false) => input.consume(blank),
            (None, true) => return Ok(None),
            (first, _) => {
                input.consume(blank);
                return Ok(first);
            }
        }
    }
}

/// Says where the import stopped, and how it goes on.
fn stopped(failure: Failure, name: &str, done: u64, taken: &Taken) -> Failure {
    let failure = failure.about(&format!("{name}, object {}", done + 1));
    if failure.has_hint() || (done == 0 && taken.records == 0) {
        return failure;
    }
    let again = "import the file again, which adds nothing twice";
    failure.hint(if done == 0 {
        format!("what was imported of it stays: {again}")
    } else {
        format!(
            "the objects before it were taken: continue with `turnscope import --skip {done} {name}`, or {again}"
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protobuf_that_begins_with_the_bytes_of_a_brace_is_not_taken_for_json() {
        // A request with a resource of 123 bytes, in which a scope comes first.
        assert!(!is_json(b"\n{\x12\x79\x12\x77"));
        assert!(!is_json(b"\n\x20\x12\x1e"));
        assert!(!is_json(b"\0\0\0\x22\n\x20"));
        for json in ["{\"resourceSpans\":[]}", " \r\n\t[{", "\u{FEFF}{\"a\": 1}", "\n{\n\t\"a\"", "\n\n"] {
            assert!(is_json(json.as_bytes()), "{json:?}");
        }
    }
}
