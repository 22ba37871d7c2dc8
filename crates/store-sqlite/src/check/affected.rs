//! Whom damage concerns: the runs that need what cannot be read, and rows that only an index still knows.

use super::ids;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeSet;
use turnscope_model::RunId;

/// The runs that are projected from these trace groups, by id. What cannot be read is passed over.
fn runs_of(db: &Connection, groups: BTreeSet<i64>) -> Vec<String> {
    let mut runs = BTreeSet::new();
    for group in groups {
        let found = column::<Vec<u8>>(
            db,
            "SELECT run_id FROM runs WHERE trace_group = ?1
             UNION SELECT r.run_id FROM trace_groups g JOIN runs r ON r.trace_group = g.leader WHERE g.id = ?1",
            group,
        );
        runs.extend(found.iter().filter_map(|id| RunId::from_bytes(id).ok()).map(|id| id.to_string()));
    }
    runs.into_iter().collect()
}

/// The runs that a record is part of. The index says it too where the record's own row cannot be read.
pub(crate) fn runs_of_record(db: &Connection, record: i64) -> Vec<String> {
    let groups = |sql: &str| column::<Option<i64>>(db, sql, record).into_iter().flatten().collect();
    let mut found: BTreeSet<i64> = groups("SELECT trace_group FROM records WHERE id = ?1");
    if found.is_empty() {
        found = groups(
            "SELECT trace_group FROM records INDEXED BY records_unit WHERE trace_group IS NOT NULL AND id = ?1",
        );
    }
    runs_of(db, found)
}

/// The runs that were sent a content, or gave it.
pub(crate) fn runs_of_content(db: &Connection, content: i64) -> Vec<String> {
    let sql = "SELECT r.trace_group FROM contents c JOIN records r ON r.id = c.record WHERE c.id = ?1
               UNION SELECT r.trace_group FROM uses u JOIN records r ON r.id = u.record WHERE u.content = ?1";
    runs_of(db, column::<Option<i64>>(db, sql, content).into_iter().flatten().collect())
}

/// The runs that have something in a block.
pub(crate) fn runs_of_block(db: &Connection, block: i64) -> Vec<String> {
    let mut groups: BTreeSet<i64> =
        column::<Option<i64>>(db, "SELECT DISTINCT trace_group FROM records WHERE block = ?1", block)
            .into_iter()
            .flatten()
            .collect();
    for sql in [
        "SELECT DISTINCT r.trace_group FROM contents c JOIN records r ON r.id = c.record WHERE c.block = ?1",
        "SELECT DISTINCT r.trace_group FROM contents c JOIN uses u ON u.content = c.id JOIN records r ON r.id = u.record
         WHERE c.block = ?1",
    ] {
        groups.extend(column::<Option<i64>>(db, sql, block).into_iter().flatten());
    }
    runs_of(db, groups)
}

/// The id of the run in a row of `runs`, from its index where the row cannot be read.
pub(crate) fn run_of_row(db: &Connection, row: i64) -> Vec<String> {
    let sql = "SELECT run_id FROM runs INDEXED BY sqlite_autoindex_runs_1 WHERE id = ?1";
    let id = db
        .prepare_cached(sql)
        .and_then(|mut one| one.query_row([row], |row| row.get::<_, Vec<u8>>(0)).optional());
    let id = id.ok().flatten().and_then(|id| RunId::from_bytes(&id).ok());
    id.map(|id| id.to_string()).into_iter().collect()
}

/// Records that an index knows and whose rows are on pages that cannot be read.
pub(crate) fn lost_records(db: &Connection) -> Vec<i64> {
    lost(db, "records", "SELECT id FROM records INDEXED BY records_unit WHERE trace_group IS NOT NULL")
}

/// Rows of `runs` that an index knows and that are on pages that cannot be read.
pub(crate) fn lost_runs(db: &Connection) -> Vec<i64> {
    lost(db, "runs", "SELECT id FROM runs INDEXED BY runs_by_started")
}

fn lost(db: &Connection, table: &str, index: &str) -> Vec<i64> {
    let there: BTreeSet<i64> = ids(db, table).into_iter().collect();
    let Ok(mut statement) = db.prepare(index) else { return Vec::new() };
    let known = read_on(statement.query([]));
    let known: BTreeSet<i64> = known.into_iter().collect();
    known.difference(&there).copied().collect()
}

/// The first column of what a query gives for a number, up to where it can be read.
fn column<T: rusqlite::types::FromSql>(db: &Connection, sql: &str, number: i64) -> Vec<T> {
    let Ok(mut statement) = db.prepare_cached(sql) else { return Vec::new() };
    read_on(statement.query([number]))
}

fn read_on<T: rusqlite::types::FromSql>(rows: rusqlite::Result<rusqlite::Rows<'_>>) -> Vec<T> {
    let mut found = Vec::new();
    let Ok(mut rows) = rows else { return found };
    while let Ok(Some(row)) = rows.next() {
        if let Ok(value) = row.get(0) {
            found.push(value);
        }
    }
    found
}
