//! `turnscope dialects`: the rules by which facts are found, and trying a file of one's own.

use super::reading::Reading;
use crate::{
    exit::{Failure, Outcome},
    output,
    render::{self, terminal_style::TerminalStyle},
};
use bytes::Bytes;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use turnscope_model::Record;
use turnscope_otlp::{
    decode::{Budget, Format},
    own_rules::{self, RuleFile},
    receive,
    redact::Redactor,
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Dialects {
    #[command(subcommand)]
    command: DialectsCommand,
}

#[derive(clap::Subcommand)]
enum DialectsCommand {
    /// List the dialects that are known, with your own rules
    List(ListArgs),
    /// Show what your own rules find in a capture, and what is found without them
    Test(TestArgs),
    /// Show which rule, built in or your own, gave each fact of a step: as `turnscope explain`
    Explain(super::explain::Explain),
}

#[derive(clap::Args)]
struct ListArgs {
    /// Print the rules that are built into this program, in the form of dialects.toml
    #[arg(long)]
    toml: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(clap::Args)]
struct TestArgs {
    /// A file of rules, such as dialects.toml
    file: PathBuf,
    /// A capture: one OTLP request as JSON, or as protobuf (`.traces.pb` or `.logs.pb`), gzip or not
    capture: PathBuf,
}

/// Lists dialects, or tries rules.
pub(crate) fn dialects(args: &Dialects) -> Outcome {
    match &args.command {
        DialectsCommand::List(args) if args.toml => output::print(&turnscope_otlp::dialects::as_toml()),
        DialectsCommand::List(args) => {
            let client = args.reading.client()?;
            args.reading
                .show(&client, "/v1/dialects", |all: &turnscope_api::Dialects| render::dialects::list(all))
        }
        DialectsCommand::Test(args) => test(args),
        DialectsCommand::Explain(args) => super::explain::explain(args),
    }
}

fn test(args: &TestArgs) -> Outcome {
    let text = std::fs::read_to_string(&args.file).map_err(|error| cannot_read(&args.file, &error))?;
    let rules = RuleFile::parse(&text)
        .map_err(|error| Failure::usage(format!("{}, {error}", args.file.display())))?;
    own_rules::set(None);
    let without = records(&args.capture)?;
    own_rules::set(Some(Arc::new(rules)));
    let with = records(&args.capture)?;
    output::print(&render::dialects::compared(&TerminalStyle::for_stdout(), &without, &with))
}

/// The records of a capture, by the rules in force.
fn records(capture: &Path) -> Result<Vec<Record>, Failure> {
    let mut body = std::fs::read(capture).map_err(|error| cannot_read(capture, &error))?;
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&body[..])
            .read_to_end(&mut plain)
            .map_err(|error| cannot_read(capture, &error))?;
        body = plain;
    }
    let name = capture.display().to_string();
    let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{');
    let format = if is_json { Format::Json } else { Format::Protobuf };
    let is_logs = if is_json { contains(&body, b"resourceLogs") } else { name.contains(".logs.") };
    let (body, redactor, budget) = (Bytes::from(body), Redactor::off(), Budget::unlimited());
    let normalised = if is_logs {
        receive::logs(&body, format, &redactor, &budget)
    } else {
        receive::traces(&body, format, &redactor, &budget)
    };
    let normalised = normalised.map_err(|error| Failure::failed(format!("{name}: {error}")))?;
    Ok(normalised.records)
}

fn contains(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len()).any(|window| window == word)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read {}: {error}", path.display()))
}
