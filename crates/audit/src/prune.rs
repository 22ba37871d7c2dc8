//! Pruning by age: the oldest records go, a signed checkpoint stands for them, and the rest can still be proved.

use crate::{
    AuditError, Trail,
    chain::{Mac, signature},
    table::Table,
    verify::verify,
};
use rusqlite::{Connection, OptionalExtension as _, types::Value};

/// What was pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Records of runs.
    pub runs: usize,
    /// Records of decisions.
    pub decisions: usize,
    /// The last record that went; what follows is kept.
    pub through: u64,
}

impl Trail {
    /// Removes what was recorded before this time (milliseconds since the epoch), from the beginning of the chain up to the
    /// first younger record, and leaves a signed checkpoint in its place. The trail is verified before, in the same
    /// transaction: pruning must not sweep away what shows that someone changed it.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] when the trail does not verify; nothing is removed then.
    pub fn prune(&mut self, before_ms: i64, now_ms: i64) -> Result<Pruned, AuditError> {
        let (tx, key) = self.begin()?;
        let Some((through, last)) = oldest(&tx, before_ms)? else { return Ok(Pruned::default()) };
        if !verify(&tx, key, None)?.is_intact() {
            return Err(AuditError::Damaged(
                "it does not verify, so nothing was pruned: `turnscope audit verify` says what is wrong"
                    .into(),
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

/// The last record before the first one that is young enough to stay, and its MAC.
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
