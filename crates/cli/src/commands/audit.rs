//! `turnscope audit`: reads, verifies, exports and prunes the audit trail of a data directory. The trail has
//! its own locking, so these commands work while servers and agents are running.

mod export;

use crate::{
    exit::{Code, Failure, Outcome},
    output,
    render::{self, human, terminal_style::TerminalStyle},
    settings::{Flags, READ, Settings, parse_days, parse_time},
};
use serde_json::json;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use turnscope_audit::{Filter, Head, Key, Reader, Record, Trail};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(clap::Subcommand)]
enum AuditCommand {
    /// Print the number of records and the MAC of the last one, to store elsewhere
    Head(Common),
    /// Check that no record was changed, removed, moved or inserted
    Verify(VerifyArgs),
    /// Show a record by its number, or all records of a run
    Show(ShowArgs),
    /// List records, newest last
    List(ListArgs),
    /// Export records as JSON or CSV
    Export(export::ExportArgs),
    /// Delete old records and leave a signed checkpoint, so that the rest can still be verified
    Prune(PruneArgs),
}

#[derive(clap::Args)]
struct Common {
    #[command(flatten)]
    from: Flags<READ>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct VerifyArgs {
    /// A head stored elsewhere (`turnscope audit head`); needed to detect that records were removed from the
    /// end
    #[arg(long, value_name = "COUNT:MAC")]
    head: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct ShowArgs {
    /// A record number, a run id or its prefix, a trace id, or `last`
    record: String,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct ListArgs {
    /// Maximum number of records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: u64,
    #[command(flatten)]
    filter: RecordFilter,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct PruneArgs {
    /// Delete records older than this many days
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    older_than: std::option::Option<Duration>,
    #[command(flatten)]
    common: Common,
}

/// Filters.
#[derive(clap::Args)]
struct RecordFilter {
    /// At or after this time: a date, a time such as 2026-11-21T14:00:00Z, or an age such as 7d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<i64>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<i64>,
    /// Only records of this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Only records of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Only records of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Only decisions about this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only decisions with this verdict, or with this answer of a person
    #[arg(long, value_parser = ["allow", "deny", "hitl", "approved", "rejected"])]
    verdict: Option<String>,
    /// Only refused calls: denied by the policy, or rejected by a human
    #[arg(long)]
    denied: bool,
}

impl RecordFilter {
    fn filter(&self) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            agent: self.agent.clone(),
            session: self.session.clone(),
            user: self.user.clone(),
            tool: self.tool.clone(),
            verdict: self.verdict.clone(),
            denied: self.denied,
            ..Filter::default()
        }
    }
}

impl Common {
    fn settings(&self) -> Result<Settings, Failure> {
        let settings = self.from.resolve()?;
        if settings.server.is_some() {
            return Err(Failure::usage(
                "the audit trail can only be read from its data directory, not from a server",
            )
            .hint("use --data; for a server, use GET /v1/runs/{id}/audit"));
        }
        Ok(settings)
    }

    fn reader(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.settings()?.data)?)
    }
}

/// Reads the audit trail.
pub(crate) fn audit(args: &Audit) -> Outcome {
    match &args.command {
        AuditCommand::Head(args) => head(args),
        AuditCommand::Verify(args) => verify(args),
        AuditCommand::Show(args) => show(args),
        AuditCommand::List(args) => list(args),
        AuditCommand::Export(args) => export::export(args),
        AuditCommand::Prune(args) => prune(args),
    }
}

fn head(args: &Common) -> Outcome {
    let head = args.reader()?.head()?;
    if args.json {
        return output::json(&json!({ "count": head.count, "head": head.to_string() }));
    }
    output::print(&format!("{head}\n"))
}

fn verify(args: &VerifyArgs) -> Outcome {
    let expected: Option<Head> = args.head.as_deref().map(str::parse).transpose()?;
    let settings = args.common.settings()?;
    let reader = Reader::open(&settings.data)?;
    let key = settings.audit_key.map_or_else(|| Key::of(&settings.data), Ok)?;
    let report = reader.verify(&key, expected)?;
    if args.common.json {
        let mut value = serde_json::to_value(&report).map_err(|error| Failure::failed(error.to_string()))?;
        value["intact"] = report.is_intact().into();
        output::json(&value)?;
    } else {
        output::print(&render::audit::report(&TerminalStyle::for_stdout(), &report))?;
    }
    if report.is_intact() {
        return Ok(());
    }
    let wrong = human::plural(report.findings.len() as u64, "finding");
    Err(Failure::new(Code::Tampered, format!("the audit trail does not verify: {wrong}")))
}

fn show(args: &ShowArgs) -> Outcome {
    let reader = args.common.reader()?;
    let records = named(&reader, &args.record)?;
    if args.common.json {
        return output::json(&json!({ "records": records }));
    }
    output::print(&render::audit::records(&TerminalStyle::for_stdout(), &records))
}

/// The records with this name: one by its number, or all of a run.
fn named(reader: &Reader, text: &str) -> Result<Vec<Record>, Failure> {
    let of = |of: String| Ok::<_, Failure>(reader.records(&Filter { of: Some(of), ..Filter::default() })?);
    if text == "last" {
        let newest = reader.records(&Filter { last: Some(1), ..Filter::default() })?;
        return match newest.first().and_then(|record| record.entry.run_id()) {
            Some(run) => of(run.to_owned()),
            None => Ok(newest),
        };
    }
    if let Some(record) = text.parse().ok().map(|seq| reader.record(seq)).transpose()?.flatten() {
        return Ok(vec![record]);
    }
    let mut records = of(text.to_owned())?;
    if records.is_empty() && text.len() >= MIN_PREFIX {
        let runs = reader.runs_beginning(text)?;
        match runs.as_slice() {
            [run] => records = of(run.clone())?,
            [] => {}
            several => {
                return Err(Failure::new(Code::NotFound, format!("{text} is ambiguous"))
                    .hint(format!("use one of these:\n    {}", several.join("\n    "))));
            }
        }
    }
    if records.is_empty() {
        return Err(Failure::new(Code::NotFound, format!("there is no audit record of {text}"))
            .hint("`turnscope audit list` lists all records; pruned ones are deleted"));
    }
    Ok(records)
}

/// The shortest prefix of a run id.
const MIN_PREFIX: usize = 4;

fn list(args: &ListArgs) -> Outcome {
    let filter = Filter { last: Some(args.limit), ..args.filter.filter() };
    let records = args.common.reader()?.records(&filter)?;
    if args.common.json {
        return output::json(&json!({ "records": records }));
    }
    output::print(&render::audit::list(&TerminalStyle::for_stdout(), &records))
}

fn prune(args: &PruneArgs) -> Outcome {
    let Some(age) = args.older_than else {
        return Err(Failure::usage("--older-than is missing").hint("use --older-than DAYS, such as 365"));
    };
    let settings = args.common.settings()?;
    Reader::open(&settings.data)?; // fail if there is no trail
    let mut trail = Trail::open(&settings.data, settings.audit_key)?;
    let now = TerminalStyle::for_stdout().now;
    let pruned = trail.prune(now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)), now)?;
    if args.common.json {
        return output::json(&json!(pruned));
    }
    if pruned.through == 0 {
        return output::print("No record is that old.\n");
    }
    output::print(&format!(
        "Deleted {} and {}, up to record {}, and left a signed checkpoint.\n",
        human::plural(pruned.runs as u64, "run"),
        human::plural(pruned.decisions as u64, "decision"),
        pruned.through
    ))
}

/// Parses a date, a time or an age as milliseconds since the Unix epoch.
fn moment(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let of_date = || OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339);
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| of_date()) {
        return i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map_err(|error| error.to_string());
    }
    let ago =
        text.ends_with(|c: char| c.is_ascii_alphabetic()).then(|| parse_time(text)).and_then(Result::ok);
    let now = TerminalStyle::for_stdout().now;
    ago.map(|ago| now.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX))).ok_or_else(|| {
        "expected a date such as 2026-11-21, a time such as 2026-11-21T14:00:00Z, or an age such as 24h or 7d".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_times_or_ages() {
        assert_eq!(moment("2026-11-21"), Ok(1_795_219_200_000));
        assert_eq!(moment("2026-11-21T01:00:00+01:00"), Ok(1_795_219_200_000));
        assert!(moment("7d").expect("an age") < moment("1h").expect("an age"));
        for wrong in ["", "7", "soon", "2026-13-01"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
