//! `turnscope redact`: what the redaction rules take out of a text, and what stored runs hold that they would take out
//! today.

use super::{
    filter::Filter,
    import::{self, Taken},
    loose,
    roots::each_root,
    unreadable::Unreadable,
};
use crate::{
    client::{Client, encode},
    exit::{Code, Failure, Outcome},
    output,
    render::human,
    settings::{Flags, READ},
};
use http::Method;
use serde_json::value::RawValue;
use std::{
    io::{Read as _, Write as _},
    path::PathBuf,
};
use turnscope_otlp::{
    decode::{self, Format},
    normalise,
    redact::Redactor,
};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Redact {
    /// A text to try the rules on; it is printed as it would be stored [default: stdin]
    #[arg(value_name = "FILE", conflicts_with = "scan")]
    file: Option<PathBuf>,
    /// List the stored runs that hold what the rules take out, such as runs of an earlier version. Without -q, also count it in
    /// what belongs to no run
    #[arg(long)]
    scan: bool,
    /// With --scan, store these runs again without it. Their scores, tags and comments stay
    #[arg(long, requires = "scan")]
    rewrite: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    from: Flags<READ>,
}

/// Tries the rules on a text, or on what is stored.
pub(crate) fn redact(args: &Redact) -> Outcome {
    let settings = args.from.resolve()?;
    let redactor = settings.redactor();
    if !args.scan {
        return text(args, redactor);
    }
    let client = if args.rewrite { Client::write(args.from.resolve()?)? } else { Client::read(&settings)? };
    let (found, left_out) = scan(args, &client, redactor)?;
    if args.rewrite {
        for (id, _) in &found {
            rewrite(&client, redactor, id)?;
        }
    }
    let outside = if args.filter.is_given() { Outside::default() } else { Outside::scan(&client, redactor)? };
    let secrets: u64 = found.iter().map(|(_, secrets)| secrets).sum();
    let (runs, secrets) = (human::plural(found.len() as u64, "run"), human::plural(secrets, "secret"));
    match (found.is_empty(), args.rewrite) {
        (true, _) if outside.secrets > 0 => {}
        (true, _) => eprintln!("No run holds what the rules take out."),
        (false, false) => {
            eprintln!(
                "{runs} with {secrets}. `turnscope redact --scan --rewrite` stores them again without."
            );
        }
        (false, true) => eprintln!(
            "Stored {runs} again without {secrets}. `turnscope vacuum` also clears the space that they took in the file."
        ),
    }
    left_out.check("run", "looked at")?;
    outside.unreadable.check("record", "looked at")?;
    outside.say(args.rewrite)
}

/// What the rules find in what belongs to no run: other traces, log records, metrics.
#[derive(Default)]
struct Outside {
    secrets: u64,
    unreadable: Unreadable,
}

impl Outside {
    fn scan(client: &Client, redactor: &Redactor) -> Result<Self, Failure> {
        let mut secrets = 0;
        let unreadable = loose::each_page(client, |otlp| {
            secrets += secrets_in(otlp.to_string().as_bytes(), redactor)?;
            Ok(())
        })?;
        Ok(Self { secrets, unreadable })
    }

    /// These are no runs that could be deleted and received again.
    fn say(&self, rewrite: bool) -> Outcome {
        if self.secrets == 0 {
            return Ok(());
        }
        let secrets = human::plural(self.secrets, "secret");
        let said = format!("{secrets} in what belongs to no run: other traces, log records, metrics");
        if !rewrite {
            eprintln!("{said}.");
            return Ok(());
        }
        Err(Failure::failed(said).hint(
            "only runs are stored again; `turnscope export --all` into a new data directory by `turnscope import` leaves all secrets behind",
        ))
    }
}

fn text(args: &Redact, redactor: &Redactor) -> Outcome {
    let mut text = String::new();
    match &args.file {
        Some(path) => {
            text = std::fs::read_to_string(path)
                .map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
        }
        None => {
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::failed(format!("cannot read stdin: {error}")))?;
        }
    }
    let (left, count) = redactor.redacted(&text);
    output::print(&left)?;
    eprintln!("{} redacted.", human::plural(u64::from(count), "secret"));
    Ok(())
}

/// The runs that hold secrets, each with how many, and prints them; and the runs that it could not look at.
fn scan(
    args: &Redact,
    client: &Client,
    redactor: &Redactor,
) -> Result<(Vec<(String, u64)>, Unreadable), Failure> {
    let mut found = Vec::new();
    let left_out = each_root(
        client,
        &args.filter,
        u64::MAX,
        |run| secrets(&exported(client, &run.run_id)?, redactor),
        |run, secrets| {
            if secrets > 0 {
                let count = human::plural(secrets, "secret");
                output::print(&format!("{}  {count}  {}\n", run.run_id, run.name))?;
                found.push((run.run_id.clone(), secrets));
            }
            Ok(())
        },
    )?;
    Ok((found, left_out))
}

fn exported(client: &Client, id: &str) -> Result<Vec<u8>, Failure> {
    Ok(client.get_bytes(&format!("/v1/runs/{}/export", encode(id)))?.to_vec())
}

/// How many secrets the rules find in an exported run, by the same path that received telemetry takes.
fn secrets(exported: &[u8], redactor: &Redactor) -> Result<u64, Failure> {
    secrets_in(read(exported)?.otlp.get().as_bytes(), redactor)
}

/// What matters here of an exported run.
#[derive(serde::Deserialize)]
struct Exported<'a> {
    #[serde(borrow)]
    otlp: &'a RawValue,
    #[serde(default)]
    contents_deleted: bool,
}

fn read(exported: &[u8]) -> Result<Exported<'_>, Failure> {
    serde_json::from_slice(exported).map_err(|error| not_otlp(&error))
}

/// How many secrets the rules find in OTLP/JSON.
fn secrets_in(otlp: &[u8], redactor: &Redactor) -> Result<u64, Failure> {
    let of_records = |found: normalise::Normalised| {
        let records: u64 = found.records.iter().map(|record| u64::from(record.facts.redacted)).sum();
        records + found.redacted_around
    };
    let signals = [
        decode::traces(otlp, Format::Json).map(|request| of_records(normalise::traces(request, redactor))),
        decode::logs(otlp, Format::Json).map(|request| of_records(normalise::logs(request, redactor))),
        decode::metrics(otlp, Format::Json).map(|request| normalise::metrics(request, redactor).redacted),
    ];
    // A signal that is not there is an error of its own decoder.
    match signals.iter().find_map(|signal| signal.as_ref().err()) {
        Some(error) if signals.iter().all(Result::is_err) => Err(not_otlp(error)),
        _ => Ok(signals.into_iter().flatten().sum()),
    }
}

fn not_otlp(error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("the server's export is not OTLP: {error}"))
}

/// Deletes a run and receives it again, which applies the rules. A copy is kept in a file until that is done.
fn rewrite(client: &Client, redactor: &Redactor, id: &str) -> Outcome {
    let before = exported(client, id)?;
    if read(&before)?.contents_deleted {
        return Err(Failure::failed(format!("run {id} cannot be stored again")).hint(
            "a rule of retention deleted contents of it; storing it again would lose what is known of them",
        ));
    }
    let io = |error: std::io::Error| Failure::failed(format!("cannot keep a copy of run {id}: {error}"));
    let mut copy =
        tempfile::Builder::new().prefix("turnscope-run-").suffix(".json").tempfile().map_err(io)?;
    copy.write_all(&before).map_err(io)?;
    copy.as_file().sync_all().map_err(io)?;
    let again = || {
        client.send(Method::DELETE, &format!("/v1/runs/{}", encode(id)), &[], bytes::Bytes::new())?;
        import::object(client, id, &before, &mut Taken::default())?;
        match secrets(&exported(client, id)?, redactor)? {
            0 => Ok(()),
            _ => Err(Failure::failed("the server's own rules leave it as it is: check its --redact")),
        }
    };
    again().map_err(|failure| match copy.keep() {
        Ok((_, path)) => Failure::new(Code::Failed, format!("run {id}: {}", failure.message())).hint(format!(
            "the run as it was is in {}: `turnscope import` takes it; delete the file afterwards, since it holds the secrets",
            path.display()
        )),
        Err(_) => failure,
    })
}
