//! Verification: the schema, every record against its own MAC and its predecessor, the checkpoints, and the end against a
//! head.

use crate::{
    AuditError, Finding, Head, Key, Reader, Report,
    chain::{Mac, Purpose, mac, signature},
    schema,
    table::Table,
    trail::record_mac,
};
use rusqlite::{
    Connection, Rows,
    types::{Value, ValueRef},
};

impl Reader {
    /// Verifies the whole trail in one snapshot; with a head stored elsewhere, its end too.
    ///
    /// # Errors
    /// [`AuditError::WrongKey`] if the key belongs to a different trail. Problems with the trail are not
    /// errors; they are in the report.
    pub fn verify(&self, key: &Key, expected: Option<Head>) -> Result<Report, AuditError> {
        self.check_key(key)?;
        let snapshot = self.db.unchecked_transaction()?;
        verify(&snapshot, key, expected)
    }
}

/// Like [`Reader::verify`], within the caller's transaction.
pub(crate) fn verify(db: &Connection, key: &Key, expected: Option<Head>) -> Result<Report, AuditError> {
    let mut findings = schema::findings(db)?;
    let start = start(db, key, &mut findings)?;
    let mut walk = Walk {
        key,
        expected,
        last: start,
        kept: 0,
        suspects: Vec::new(),
        findings,
        link: Some(start.mac),
        head_matches: None,
    };
    let mut statements = Vec::new();
    let version = schema::version(db)?;
    for table in Table::ALL {
        let sql = format!("SELECT {} FROM {} ORDER BY seq", table.columns_in(version), table.name());
        statements.push((table, db.prepare(&sql)?));
    }
    let mut sources = Vec::new();
    for (table, statement) in &mut statements {
        let mut rows = statement.query([])?;
        let next = read(*table, &mut rows)?;
        sources.push((*table, rows, next));
    }
    loop {
        let next = sources
            .iter_mut()
            .filter(|(.., next)| next.is_some())
            .min_by_key(|(.., next)| next.as_ref().map_or(i64::MAX, |row| row.seq));
        let Some((table, rows, slot)) = next else { break };
        if let Some(row) = std::mem::replace(slot, read(*table, rows)?) {
            walk.take(row, start.count);
        }
    }
    Ok(walk.report(start))
}

/// What the first record must follow: the last checkpoint, or the genesis value.
fn start(db: &Connection, key: &Key, findings: &mut Vec<Finding>) -> Result<Head, AuditError> {
    let (id, genesis): (Vec<u8>, Value) =
        db.query_row("SELECT id, genesis FROM trail", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let expected = mac(key, Purpose::Genesis, [ValueRef::Blob(&id)]);
    if Mac::from_value(&genesis) != Some(expected) {
        findings.push(Finding::Beginning);
    }
    let mut start = Head { count: 0, mac: expected };
    let mut previous = Value::Blob(Vec::new());
    let mut checkpoints = db.prepare(
        "SELECT id, pruned_at, before, through, mac, prev, signature FROM checkpoints ORDER BY id",
    )?;
    let mut rows = checkpoints.query([])?;
    let mut number = 0;
    while let Some(row) = rows.next()? {
        number += 1;
        let values: Vec<Value> = (0..7).map(|at| row.get(at)).collect::<Result<_, _>>()?;
        let is_signed = Mac::from_value(&values[6]) == Some(signature(key, &values[..6]));
        let is_next = values[0] == Value::Integer(number) && values[5] == previous;
        match (&values[3], Mac::from_value(&values[4])) {
            (Value::Integer(through), Some(mac)) if is_signed && is_next => {
                start = Head { count: *through as u64, mac };
            }
            _ => findings.push(Finding::Checkpoint { id: number }),
        }
        previous.clone_from(&values[6]);
    }
    Ok(start)
}

/// A row as found, whatever it contains.
struct Row {
    table: Table,
    seq: i64,
    /// All columns except `prev` and `mac`.
    values: Vec<Value>,
    prev: Value,
    mac: Value,
}

impl Row {
    /// Whether the row would be valid with the `seq`, `prev` and `mac` of another row.
    fn fits(&self, key: &Key, seq: i64, prev: &Value, mac: &Value) -> bool {
        let seq = Value::Integer(seq);
        let row = std::iter::once(&seq).chain(&self.values[1..]).map(ValueRef::from).collect();
        Mac::from_value(mac) == Some(record_mac(key, self.table, row, &ValueRef::from(prev)))
    }

    fn is_as_written(&self, key: &Key) -> bool {
        self.fits(key, self.seq, &self.prev, &self.mac)
    }
}

fn read(table: Table, rows: &mut Rows) -> Result<Option<Row>, AuditError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let width = table.width();
    let mut values: Vec<Value> = (0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?;
    let (mac, prev) = (values.pop().unwrap_or(Value::Null), values.pop().unwrap_or(Value::Null));
    Ok(Some(Row { table, seq: row.get(0)?, values, prev, mac }))
}

/// Maximum number of suspects whose original position is searched for; all others are only reported as
/// changed.
const MAX_SUSPECTS: usize = 200;

/// The state of the walk along the chain.
struct Walk<'a> {
    key: &'a Key,
    expected: Option<Head>,
    last: Head,
    kept: u64,
    /// Rows with a wrong MAC, classified at the end.
    suspects: Vec<Row>,
    findings: Vec<Finding>,
    /// The MAC that the next record must refer to; unknown after a gap or a suspect.
    link: Option<Mac>,
    /// Whether the record of the expected head has its MAC; `None` until the walk reaches it.
    head_matches: Option<bool>,
}

impl Walk<'_> {
    fn take(&mut self, row: Row, pruned_through: u64) {
        self.kept += 1;
        let seq = row.seq as u64;
        let own = Mac::from_value(&row.mac);
        if row.seq <= pruned_through as i64 || seq <= self.last.count {
            self.findings.push(Finding::Inserted { seq });
            return;
        }
        if seq > self.last.count + 1 {
            self.findings.push(Finding::Removed { from: self.last.count + 1, to: seq - 1 });
            self.link = None;
        }
        if let Some(head) = self.expected.filter(|head| head.count == seq) {
            self.head_matches = Some(own == Some(head.mac));
        }
        self.last = Head { count: seq, mac: own.unwrap_or(self.last.mac) };
        if !row.is_as_written(self.key) {
            self.link = None;
            if self.suspects.len() < MAX_SUSPECTS {
                self.suspects.push(row);
            } else {
                self.findings.push(Finding::Changed { seq });
            }
            return;
        }
        if self.link.is_some_and(|link| Mac::from_value(&row.prev) != Some(link)) {
            self.findings.push(Finding::Unlinked { seq });
        }
        self.link = own;
    }

    fn report(mut self, start: Head) -> Report {
        let classified: Vec<Finding> = self.suspects.iter().map(|row| self.classify(row)).collect();
        self.findings.extend(classified);
        self.findings.sort_by_key(Finding::seq);
        let end_is_proved = self.check_end(start);
        Report {
            count: self.last.count,
            kept: self.kept,
            pruned_through: start.count,
            head: self.last,
            end_is_proved,
            findings: self.findings,
        }
    }

    /// Classifies a row with a wrong MAC: would it be valid elsewhere, with its own chain values or with
    /// those of another suspect?
    fn classify(&self, row: &Row) -> Finding {
        let seq = row.seq as u64;
        let removed = self.findings.iter().filter_map(|finding| match finding {
            Finding::Removed { from, to } => Some(*from..=*to),
            _ => None,
        });
        let candidates = removed.flatten().take(MAX_SUSPECTS).map(|seq| seq as i64);
        let candidates = candidates.chain(self.suspects.iter().map(|other| other.seq));
        let moved =
            candidates.filter(|at| *at != row.seq).find(|at| row.fits(self.key, *at, &row.prev, &row.mac));
        let swapped = || {
            let others = self.suspects.iter().filter(|other| other.seq != row.seq);
            others.into_iter().find(|at| row.fits(self.key, at.seq, &at.prev, &at.mac)).map(|at| at.seq)
        };
        match moved.or_else(swapped) {
            Some(written_as) => Finding::Moved { seq, written_as: written_as as u64 },
            None => Finding::Changed { seq },
        }
    }

    fn check_end(&mut self, start: Head) -> bool {
        let Some(head) = self.expected else { return false };
        if head.count > self.last.count {
            self.findings.push(Finding::CutOff { from: self.last.count + 1, to: head.count });
            return false;
        }
        // A head before the oldest remaining record is covered by the signed checkpoint.
        let is_right = self.head_matches.unwrap_or(head == start || head.count < start.count);
        if !is_right {
            self.findings.push(Finding::OtherHead { seq: head.count });
        }
        self.findings.is_empty()
    }
}
