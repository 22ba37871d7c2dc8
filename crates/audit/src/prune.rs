//! Pruning by age: deletes the oldest records and leaves a signed checkpoint, so that the rest can still be
//! verified.

use crate::{
    AuditError, Trail,
    chain::{Mac, signature},
    table::Table,
    verify::verify,
};
use rusqlite::{Connection, OptionalExtension as _, types::Value};

/// The outcome of pruning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Deleted run records.
    pub runs: usize,
    /// Deleted decision records.
    pub decisions: usize,
    /// Sequence number of the last deleted record.
    pub through: u64,
}

impl Trail {
    /// Deletes records older than this time (milliseconds since the Unix epoch), from the start of the chain
    /// up to the first newer record, and leaves a signed checkpoint. The trail is verified first, in the same
    /// transaction, because pruning must not destroy evidence of tampering.
    /// # Errors
    /// [`AuditError::Damaged`] if the trail does not verify. Nothing is deleted then.
    pub fn prune(&mut self, before_ms: i64, now_ms: i64) -> Result<Pruned, AuditError> {
        let (tx, key) = self.begin()?;
        let Some((through, last)) = oldest(&tx, before_ms)? else { return Ok(Pruned::default()) };
        if !verify(&tx, key, None)?.is_intact() {
            return Err(AuditError::Damaged(
                "verification failed, so nothing was pruned: run `turnscope audit verify` for details".into(),
            ));
        }
        let previous: Option<(i64, Vec<u8>)> = tx
            .query_row("SELECT id, signature FROM checkpoints ORDER BY id DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (id, prev) = previous.map_or((1, Vec::new()), |(id, signature)| (id + 1, signature));
        let row: [Value; 6] =
            [id.into(), now_ms.into(), before_ms.into(), through.into(), last.into(), prev.into()];
        tx.execute(
            "INSERT INTO checkpoints (id, pruned_at, before, through, mac, prev, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (&row[0], &row[1], &row[2], &row[3], &row[4], &row[5], signature(key, &row)),
        )?;
        let remove =
            |table: Table| tx.execute(&format!("DELETE FROM {} WHERE seq <= ?1", table.name()), [through]);
        let pruned = Pruned {
            runs: remove(Table::Runs)?,
            decisions: remove(Table::Decisions)?,
            through: through as u64,
        };
        tx.commit()?;
        Ok(pruned)
    }
}

/// The last record before the first one that is new enough to stay, and its MAC.
fn oldest(db: &Connection, before_ms: i64) -> Result<Option<(i64, Mac)>, AuditError> {
    let mut last: Option<(i64, Mac)> = None;
    let stays = "SELECT min(seq) FROM (SELECT seq FROM audit_runs WHERE recorded_at >= ?1
                 UNION ALL SELECT seq FROM audit_decisions WHERE recorded_at >= ?1)";
    let stays: i64 =
        db.query_row(stays, [before_ms], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(i64::MAX);
    for table in Table::ALL {
        let sql = format!("SELECT seq, mac FROM {} WHERE seq < ?1 ORDER BY seq DESC LIMIT 1", table.name());
        let of_table =
            db.query_row(&sql, [stays], |row| Ok((row.get(0)?, row.get::<_, Mac>(1)?))).optional()?;
        last = last.into_iter().chain(of_table).max_by_key(|(seq, _)| *seq);
    }
    Ok(last)
}
