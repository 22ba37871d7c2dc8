//! Looks for damage: what `turnscope doctor` does.

pub(crate) mod affected;

use crate::{
    blocks::{Blocks, check_block},
    damage::ids_until_damage,
    encode::facts_row,
    error::{Error, Result, StoreError},
    groups::record_facts,
    read::{Lists, body, content},
    schema::{self, FILE, stored::form_and_purpose},
};
use rusqlite::{Connection, OptionalExtension as _};
use std::{collections::BTreeSet, path::Path};
use turnscope_model::{ContentHash, ContentId, GroupKey, RecordId, TraceGroupId};

/// Places named in a report for each kind of damage; the rest is counted.
const NAMED: usize = 50;

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Spans and log records looked at.
    pub records: u64,
    /// Messages and other contents looked at.
    pub contents: u64,
    /// Blocks looked at.
    pub blocks: u64,
    /// Runs looked at.
    pub runs: u64,
    /// Entries in quarantine, each with what it is and why.
    pub quarantined: Vec<String>,
    /// What is damaged; the first of each kind.
    pub damage: Vec<Damage>,
    /// How many places are damaged.
    pub damaged: u64,
    /// The runs that the damage concerns, by id: those of places that `damage` does not name too.
    pub affected_runs: BTreeSet<String>,
}

/// A place that is damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Damage {
    /// What it is: a kind and, where there is one, its number.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
    /// The runs that it concerns, by id, as far as they are known.
    pub runs: Vec<String>,
    /// It is derived: the owner of the data directory makes it again when it meets it.
    pub is_derived: bool,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damaged == 0 && self.quarantined.is_empty()
    }

    fn note(
        &mut self,
        kind: &mut usize,
        place: impl Into<String>,
        reason: &dyn std::fmt::Display,
        runs: Vec<String>,
    ) {
        self.damaged += 1;
        *kind += 1;
        self.affected_runs.extend(runs.iter().cloned());
        if *kind <= NAMED {
            let (place, reason) = (place.into(), reason.to_string());
            self.damage.push(Damage { place, reason, runs, is_derived: false });
        }
    }
}

/// Looks at everything in the store of a data directory: pages, blocks, records, contents and runs. Nothing is changed, and
/// all of it is looked at as it was at one moment: its owner may go on writing.
pub fn check(directory: &Path) -> std::result::Result<Report, StoreError> {
    let path = directory.join(FILE);
    if !path.exists() {
        return Err(StoreError::Io {
            path: path.display().to_string(),
            source: std::io::Error::new(std::io::ErrorKind::NotFound, "no store here"),
        });
    }
    let db = schema::open_reader(&path)?;
    schema::check(&db)?;
    db.execute_batch("BEGIN").map_err(crate::error::Error::from)?;
    Ok(check_all(&db))
}

fn check_all(db: &Connection) -> Report {
    let mut report = Report::default();
    pages(db, &mut report);
    blocks(db, &mut report);
    records(db, &mut report);
    contents(db, &mut report);
    runs(db, &mut report);
    if let Err(error) = quarantine(db, &mut report) {
        report.note(&mut 0, "quarantine", &error, Vec::new());
    }
    report
}

/// SQLite's own look at its pages and indexes.
fn pages(db: &Connection, report: &mut Report) {
    let mut kind = 0;
    let lines = db.prepare("PRAGMA integrity_check(50)").and_then(|mut statement| {
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    match lines {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| line != "ok") {
                report.note(&mut kind, "database", &line, Vec::new());
            }
        }
        Err(error) => report.note(&mut kind, "database", &error, Vec::new()),
    }
}

/// The numbers of all rows of a table that can be found, in order: a page that cannot be read is jumped over.
pub(crate) fn ids(db: &Connection, table: &str) -> Vec<i64> {
    let (mut found, whole) = ids_until_damage(db, &format!("SELECT id FROM {table} ORDER BY id"));
    if whole {
        return found;
    }
    let (mut from_end, _) = ids_until_damage(db, &format!("SELECT id FROM {table} ORDER BY id DESC"));
    // Between the readable beginning and the readable end: one by one. A damaged root leaves nothing to find.
    if let Some(high) = from_end.last().copied() {
        let one = format!("SELECT id FROM {table} WHERE id = ?1");
        for id in found.last().map_or(1, |low| low + 1)..high {
            let row = db
                .prepare_cached(&one)
                .and_then(|mut one| one.query_row([id], |row| row.get::<_, i64>(0)).optional());
            // A row on a damaged page is named by whoever reads it.
            if !matches!(row, Ok(None)) {
                found.push(id);
            }
        }
    }
    from_end.reverse();
    found.extend(from_end);
    found.dedup();
    found
}

fn blocks(db: &Connection, report: &mut Report) {
    let mut kind = 0;
    for id in ids(db, "blocks") {
        report.blocks += 1;
        if let Err(why) = check_block(db, id) {
            // Who is concerned is looked for in whole tables: the records below tell of what is not named.
            let runs = if kind < NAMED { affected::runs_of_block(db, id) } else { Vec::new() };
            report.note(&mut kind, format!("block {id}"), &why, runs);
        }
    }
}

fn records(db: &Connection, report: &mut Report) {
    let (mut blocks, mut lists, mut kind) = (Blocks::new(), Lists::default(), 0);
    for id in ids(db, "records") {
        report.records += 1;
        if let Err(error) = check_record(db, &mut blocks, &mut lists, RecordId(id)) {
            report.note(&mut kind, format!("record {id}"), &error, affected::runs_of_record(db, id));
        }
    }
    for id in affected::lost_records(db) {
        report.note(&mut kind, format!("record {id}"), &LOST, affected::runs_of_record(db, id));
    }
}

/// Why a row that an index knows cannot be read.
pub(crate) const LOST: &str = "it is on a page of the database that cannot be read";

fn check_record(db: &Connection, blocks: &mut Blocks, lists: &mut Lists, id: RecordId) -> Result<()> {
    let (facts, kind): (Vec<u8>, u8) = db
        .prepare_cached("SELECT facts, kind FROM records WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    facts_row::decode(&facts, record_facts::kind(kind))
        .map_err(|error| Error::damaged(format!("its facts: {error}")))?;
    body(db, blocks, lists, id).map(drop)
}

fn contents(db: &Connection, report: &mut Report) {
    let (mut blocks, mut kind) = (Blocks::new(), 0);
    for id in ids(db, "contents") {
        report.contents += 1;
        if let Err(error) = check_content(db, &mut blocks, ContentId(id)) {
            report.note(&mut kind, format!("content {id}"), &error, affected::runs_of_content(db, id));
        }
    }
}

fn check_content(db: &Connection, blocks: &mut Blocks, id: ContentId) -> Result<()> {
    let form: u32 =
        db.prepare_cached("SELECT form FROM contents WHERE id = ?1")?.query_row([id.0], |row| row.get(0))?;
    let (form, _) = form_and_purpose(id, form)?;
    let (hash, bytes) = content(db, blocks, id)?;
    if ContentHash::of(form, &bytes) == hash {
        Ok(())
    } else {
        Err(Error::damaged("it is not what was sent"))
    }
}

fn runs(db: &Connection, report: &mut Report) {
    let mut kind = 0;
    let sql = format!("SELECT {} FROM runs r WHERE r.id = ?1", *schema::columns::SELECT);
    for id in ids(db, "runs") {
        report.runs += 1;
        let read =
            db.prepare_cached(&sql).and_then(|mut one| one.query_row([id], schema::columns::RunRow::read));
        if let Err(error) = read {
            note_run(db, report, &mut kind, id, &error.to_string());
        }
    }
    for id in affected::lost_runs(db) {
        note_run(db, report, &mut kind, id, LOST);
    }
}

fn note_run(db: &Connection, report: &mut Report, kind: &mut usize, id: i64, reason: &str) {
    let named = *kind < NAMED;
    report.note(kind, format!("run row {id}"), &reason, affected::run_of_row(db, id));
    if named && let Some(damage) = report.damage.last_mut() {
        damage.is_derived = true;
    }
}

fn quarantine(db: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = db.prepare("SELECT kind, target, id, reason, version FROM quarantine ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        let (kind, target): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        let number = target.map_or_else(|| row.get(2), Ok)?;
        let mut what = format!("{} {number}", kind.replace('_', " "));
        if kind == "trace_group"
            && let Ok(GroupKey::Trace(trace)) = record_facts::group_key(db, TraceGroupId(number))
        {
            what = format!("{what} (trace {trace})");
        }
        Ok(format!("{what}: {} (version {})", row.get::<_, String>(3)?, row.get::<_, String>(4)?))
    })?;
    report.quarantined = rows.collect::<rusqlite::Result<_>>()?;
    Ok(())
}
