//! Reading: whom the trail belongs to, where it ends, what it says. For all but verifying no key is needed.

use crate::{
    AuditError, FILE, Head, Key, Record,
    chain::{Mac, Purpose, mac},
    error::is_missing,
    table::{self, Table},
};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, types::Value, types::ValueRef};
use std::{path::Path, time::Duration};

/// How long one process waits for another to finish appending.
const PATIENCE: Duration = Duration::from_secs(30);

/// The trail, open for reading, beside whoever writes to it.
#[derive(Debug)]
pub struct Reader {
    pub(crate) db: Connection,
}

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What happened at this time or later (a run: started; a decision: decided), in milliseconds since the epoch.
    pub since: Option<i64>,
    /// What happened before this time.
    pub until: Option<i64>,
    /// This agent's.
    pub agent: Option<String>,
    /// Only calls that were not let through: denied by the policy, or rejected by a human.
    pub denied: bool,
    /// Of the run with this id, or of the trace with this id.
    pub of: Option<String>,
    /// The newest so many.
    pub last: Option<u64>,
}

impl Reader {
    /// Opens the trail of this directory for reading.
    ///
    /// # Errors
    /// [`AuditError::NoTrail`] when there is none.
    pub fn open(directory: &Path) -> Result<Self, AuditError> {
        let path = directory.join(FILE);
        if !path.try_exists().map_err(AuditError::io(&path))? {
            return Err(AuditError::NoTrail(directory.to_owned()));
        }
        Ok(Self { db: of_file(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)? })
    }

    /// Where the chain ends now. Keep it elsewhere.
    pub fn head(&self) -> Result<Head, AuditError> {
        head(&self.db)
    }

    /// Hands each of these records on, in the order of the chain.
    pub fn each<E: From<AuditError>>(
        &self,
        filter: &Filter,
        mut take: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sql, values) = filter.sql();
        let snapshot = self.db.unchecked_transaction().map_err(AuditError::from)?;
        let mut places = snapshot.prepare(&sql).map_err(AuditError::from)?;
        let mut rows = places.query(rusqlite::params_from_iter(values)).map_err(AuditError::from)?;
        while let Some(row) = rows.next().map_err(AuditError::from)? {
            let is_run: bool = row.get(1).map_err(AuditError::from)?;
            let table = if is_run { Table::Runs } else { Table::Decisions };
            let seq: i64 = row.get(0).map_err(AuditError::from)?;
            take(one(&snapshot, table, seq)?)?;
        }
        Ok(())
    }

    /// These records, in the order of the chain.
    pub fn records(&self, filter: &Filter) -> Result<Vec<Record>, AuditError> {
        let mut records = Vec::new();
        self.each(filter, |record| {
            records.push(record);
            Ok::<_, AuditError>(())
        })?;
        Ok(records)
    }

    /// The record at this place of the chain, if it is kept.
    pub fn record(&self, seq: u64) -> Result<Option<Record>, AuditError> {
        for table in Table::ALL {
            if let Some(record) = maybe_one(&self.db, table, seq as i64)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The ids of runs that begin so, nine at most.
    pub fn runs_beginning(&self, prefix: &str) -> Result<Vec<String>, AuditError> {
        let mut runs = self.db.prepare_cached(
            "SELECT run_id FROM (SELECT run_id FROM audit_runs UNION SELECT run_id FROM audit_decisions)
             WHERE substr(run_id, 1, length(?1)) = ?1 ORDER BY run_id LIMIT 9",
        )?;
        Ok(runs.query_map([prefix], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// When the run of this origin was recorded, if it was (see [`crate::Trail::append_once`]).
    pub fn run_recorded_at(&self, origin: &str) -> Result<Option<i64>, AuditError> {
        let mut of_origin = self.db.prepare_cached("SELECT recorded_at FROM audit_runs WHERE origin = ?1")?;
        Ok(of_origin.query_row([origin], |row| row.get(0)).optional()?)
    }

    /// What was recorded before this time is pruned; 0 where nothing is.
    pub fn pruned_before(&self) -> Result<i64, AuditError> {
        Ok(self.db.query_row("SELECT coalesce(max(before), 0) FROM checkpoints", [], |row| row.get(0))?)
    }

    pub(crate) fn check_key(&self, key: &Key) -> Result<(), AuditError> {
        let (id, known): (Vec<u8>, Mac) =
            self.db.query_row("SELECT id, key_check FROM trail", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if mac(key, Purpose::KeyCheck, [ValueRef::Blob(&id)]) == known {
            Ok(())
        } else {
            Err(AuditError::WrongKey)
        }
    }
}

impl Filter {
    /// Places (`seq`, whether it is a run) in the order of the chain. Only names of columns are written into the text.
    fn sql(&self) -> (String, Vec<Value>) {
        let mut values: Vec<Value> = Vec::new();
        let of_table = |table: Table, values: &mut Vec<Value>| {
            let mut clauses = vec!["1".to_owned()];
            let mut clause = |text: &str, value: Value| {
                values.push(value);
                clauses.push(text.replace('?', &format!("?{}", values.len())));
            };
            if let Some(since) = self.since {
                clause(&format!("{} >= ?", table.happened()), since.into());
            }
            if let Some(until) = self.until {
                clause(&format!("{} < ?", table.happened()), until.into());
            }
            if let Some(agent) = &self.agent {
                clause("agent = ?", agent.clone().into());
            }
            if let Some(of) = &self.of {
                clause("(run_id = ? OR trace_id = ?)", of.clone().into());
            }
            if self.denied {
                clauses.push(match table {
                    Table::Runs => "0".to_owned(),
                    Table::Decisions => {
                        "(verdict = 'deny' OR verdict = 'hitl' AND resolution = 'rejected')".to_owned()
                    }
                });
            }
            let is_run = u8::from(table == Table::Runs);
            format!("SELECT seq, {is_run} AS run FROM {} WHERE {}", table.name(), clauses.join(" AND "))
        };
        let both: Vec<String> = Table::ALL.iter().map(|table| of_table(*table, &mut values)).collect();
        let mut sql = format!("SELECT seq, run FROM ({})", both.join(" UNION ALL "));
        if let Some(last) = self.last {
            values.push((last as i64).into());
            sql = format!("{sql} ORDER BY seq DESC LIMIT ?{}", values.len());
        }
        (format!("SELECT * FROM ({sql}) ORDER BY seq"), values)
    }
}

/// Opens the database file; waits for other processes where it must.
pub(crate) fn of_file(path: &Path, flags: OpenFlags) -> Result<Connection, AuditError> {
    let directory = path.parent().unwrap_or(path);
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|error| {
        if is_missing(&error) { AuditError::NoTrail(directory.to_owned()) } else { error.into() }
    })?;
    db.busy_timeout(PATIENCE)?;
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        1 => Ok(db),
        0 => Err(AuditError::Damaged(format!("{} is no audit trail", path.display()))),
        newer => Err(AuditError::TooNew(newer)),
    }
}

/// The last record's place and MAC; where none is kept, the last checkpoint's; where nothing was ever written, the beginning's.
pub(crate) fn head(db: &Connection) -> Result<Head, AuditError> {
    let last = |sql: &str| -> rusqlite::Result<Option<Head>> {
        db.prepare_cached(sql)?
            .query_row([], |row| Ok(Head { count: row.get(0)?, mac: row.get(1)? }))
            .optional()
    };
    let last_record = Table::ALL
        .iter()
        .map(|table| last(&format!("SELECT seq, mac FROM {} ORDER BY seq DESC LIMIT 1", table.name())))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .max_by_key(|head| head.count);
    let checkpoint = last("SELECT through, mac FROM checkpoints ORDER BY id DESC LIMIT 1")?;
    match last_record.into_iter().chain(checkpoint).max_by_key(|head| head.count) {
        Some(head) => Ok(head),
        None => last("SELECT 0, genesis FROM trail")?
            .ok_or_else(|| AuditError::Damaged("it does not say which trail it is".into())),
    }
}

fn one(db: &Connection, table: Table, seq: i64) -> Result<Record, AuditError> {
    maybe_one(db, table, seq)?.ok_or_else(|| AuditError::Damaged(format!("record {seq} cannot be read")))
}

fn maybe_one(db: &Connection, table: Table, seq: i64) -> Result<Option<Record>, AuditError> {
    let sql = format!("SELECT {} FROM {} WHERE seq = ?1", table.columns(), table.name());
    Ok(db.prepare_cached(&sql)?.query_row([seq], |row| table::record(table, row)).optional()?)
}
