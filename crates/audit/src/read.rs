//! Reading records and the head. Only verification needs the key.

use crate::{
    AuditError, FILE, Head, Key, Record,
    chain::{Mac, Purpose, mac},
    error::is_missing,
    schema,
    table::{self, Table},
};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, types::Value, types::ValueRef};
use std::{path::Path, time::Duration};

/// How long to wait for another process to finish appending.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The trail, opened for reading. Writers may work at the same time.
#[derive(Debug)]
pub struct Reader {
    pub(crate) db: Connection,
}

/// Selects records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// At or after this time, in milliseconds since the Unix epoch (for a run, its start; for a decision,
    /// when it was made).
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Of this agent.
    pub agent: Option<String>,
    /// Of this session.
    pub session: Option<String>,
    /// On behalf of this user.
    pub user: Option<String>,
    /// Only decisions about this tool.
    pub tool: Option<String>,
    /// Only decisions with this verdict (`allow`, `deny`, `hitl`), or with this answer of a person (`approved`,
    /// `rejected`).
    pub verdict: Option<String>,
    /// Only calls that were refused: denied by the policy, or rejected by a human.
    pub denied: bool,
    /// Of the run or the trace with this id.
    pub of: Option<String>,
    /// Only the newest records, at most this many.
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

    /// The head of the chain. Store it elsewhere.
    pub fn head(&self) -> Result<Head, AuditError> {
        head(&self.db)
    }

    /// Passes each matching record to `take`, in the order of the chain.
    pub fn each<E: From<AuditError>>(
        &self,
        filter: &Filter,
        mut take: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sql, values) = filter.sql();
        let snapshot = self.db.unchecked_transaction().map_err(AuditError::from)?;
        let mut matches = snapshot.prepare(&sql).map_err(AuditError::from)?;
        let mut rows = matches.query(rusqlite::params_from_iter(values)).map_err(AuditError::from)?;
        while let Some(row) = rows.next().map_err(AuditError::from)? {
            let is_run: bool = row.get(1).map_err(AuditError::from)?;
            let table = if is_run { Table::Runs } else { Table::Decisions };
            let seq: i64 = row.get(0).map_err(AuditError::from)?;
            take(one(&snapshot, table, seq)?)?;
        }
        Ok(())
    }

    /// The matching records, in the order of the chain.
    pub fn records(&self, filter: &Filter) -> Result<Vec<Record>, AuditError> {
        let mut records = Vec::new();
        self.each(filter, |record| {
            records.push(record);
            Ok::<_, AuditError>(())
        })?;
        Ok(records)
    }

    /// The record with this sequence number, if it has not been pruned.
    pub fn record(&self, seq: u64) -> Result<Option<Record>, AuditError> {
        for table in Table::ALL {
            if let Some(record) = maybe_one(&self.db, table, seq as i64)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The ids of runs with this prefix, at most nine.
    pub fn runs_beginning(&self, prefix: &str) -> Result<Vec<String>, AuditError> {
        let mut runs = self.db.prepare_cached(
            "SELECT run_id FROM (SELECT run_id FROM audit_runs UNION SELECT run_id FROM audit_decisions)
             WHERE substr(run_id, 1, length(?1)) = ?1 ORDER BY run_id LIMIT 9",
        )?;
        Ok(runs.query_map([prefix], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// When the run with this origin was recorded, if it was (see [`crate::Trail::append_once`]).
    pub fn run_recorded_at(&self, origin: &str) -> Result<Option<i64>, AuditError> {
        let mut of_origin = self.db.prepare_cached("SELECT recorded_at FROM audit_runs WHERE origin = ?1")?;
        Ok(of_origin.query_row([origin], |row| row.get(0)).optional()?)
    }

    /// The cutoff time of the last pruning; 0 if nothing was pruned.
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
    /// Selects `seq` and whether the record is a run, in the order of the chain. Only column names are
    /// interpolated into the SQL.
    fn sql(&self) -> (String, Vec<Value>) {
        let mut values: Vec<Value> = Vec::new();
        let of_table = |table: Table, values: &mut Vec<Value>| {
            let mut clauses = vec!["1".to_owned()];
            let mut clause = |text: &str, value: Value| {
                values.push(value);
                clauses.push(text.replace('?', &format!("?{}", values.len())));
            };
            if let Some(since) = self.since {
                clause(&format!("{} >= ?", table.event_time()), since.into());
            }
            if let Some(until) = self.until {
                clause(&format!("{} < ?", table.event_time()), until.into());
            }
            if let Some(agent) = &self.agent {
                clause("agent = ?", agent.clone().into());
            }
            if let Some(of) = &self.of {
                clause("(run_id = ? OR trace_id = ?)", of.clone().into());
            }
            if let Some(session) = &self.session {
                clause("session_id = ?", session.clone().into());
            }
            if let Some(user) = &self.user {
                clause("user_id = ?", user.clone().into());
            }
            let of_decisions = [("tool = ?", &self.tool), ("(verdict = ? OR resolution = ?)", &self.verdict)];
            for (text, value) in
                of_decisions.into_iter().filter_map(|(text, value)| Some((text, value.as_ref()?)))
            {
                match table {
                    Table::Runs => clause("? IS NULL", value.clone().into()), // a run has neither
                    Table::Decisions => clause(text, value.clone().into()),
                }
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

/// Opens the database file. Waits for other processes if necessary.
pub(crate) fn of_file(path: &Path, flags: OpenFlags) -> Result<Connection, AuditError> {
    let directory = path.parent().unwrap_or(path);
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|error| {
        if is_missing(&error) { AuditError::NoTrail(directory.to_owned()) } else { error.into() }
    })?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    match schema::version(&db)? {
        1..=schema::VERSION => Ok(db),
        0 => Err(AuditError::Damaged(format!("{} is not an audit trail", path.display()))),
        newer => Err(AuditError::TooNew(newer)),
    }
}

/// The head: the last record, or else the last checkpoint, or else the genesis value.
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
            .ok_or_else(|| AuditError::Damaged("the trail has no id".into())),
    }
}

fn one(db: &Connection, table: Table, seq: i64) -> Result<Record, AuditError> {
    maybe_one(db, table, seq)?.ok_or_else(|| AuditError::Damaged(format!("record {seq} cannot be read")))
}

fn maybe_one(db: &Connection, table: Table, seq: i64) -> Result<Option<Record>, AuditError> {
    let columns = table.columns_in(schema::version(db)?);
    let sql = format!("SELECT {columns} FROM {} WHERE seq = ?1", table.name());
    Ok(db.prepare_cached(&sql)?.query_row([seq], |row| table::record(table, row)).optional()?)
}
