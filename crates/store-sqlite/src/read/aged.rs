//! Trace groups by the time of their receipt, with what retention rules look at.

use super::SqliteReader;
use crate::error::Result;
use rusqlite::types::Value as Sql;
use std::collections::HashSet;
use turnscope_model::{ContentHash, Form, RunId, TraceGroupId};
use turnscope_query::{AgedGroup, Moment, PIN, RunFilter};

impl SqliteReader<'_> {
    /// Trace groups after this place, received before this time; leaders stand for what is projected with them.
    pub(super) fn aged(
        &mut self,
        after: (i64, TraceGroupId),
        before: i64,
        limit: u32,
    ) -> Result<Vec<AgedGroup>> {
        let db = self.db()?;
        let mut listed = db.prepare_cached(
            "SELECT received_at, id, key FROM trace_groups
             WHERE (received_at, id) > (?1, ?2) AND received_at < ?3 AND coalesce(leader, id) = id
             ORDER BY received_at, id LIMIT ?4",
        )?;
        let mut of_family = db.prepare_cached(
            "SELECT max(g.received_at), max(EXISTS (SELECT 1 FROM records c
                 WHERE c.trace_group = g.id AND c.id > g.contents_deleted_to))
             FROM trace_groups g WHERE g.id = ?1 OR g.leader = ?1",
        )?;
        let mut runs_of = db.prepare_cached("SELECT run_id FROM runs WHERE trace_group = ?1")?;
        let mut pins = db.prepare_cached("SELECT 1 FROM tags WHERE trace_group = ?1 AND tag = ?2")?;
        let mut found = Vec::new();
        let mut rows = listed.query((after.0, after.1.0, before, limit))?;
        while let Some(row) = rows.next()? {
            let (listed_at, id, key): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (received_at, has_contents) =
                of_family.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut runs = Vec::new();
            for run in runs_of.query_map([id], |row| row.get::<_, Vec<u8>>(0))? {
                runs.extend(RunId::from_bytes(&run?).ok());
            }
            found.push(AgedGroup {
                group: TraceGroupId(id),
                received_at,
                listed_at,
                runs,
                has_contents,
                is_pinned: pins.exists((id, PIN))?,
                place: place(&key),
            });
        }
        Ok(found)
    }

    /// Of these runs, those that match.
    pub(super) fn those_matching(
        &mut self,
        runs: &[RunId],
        filter: &RunFilter,
        moment: Moment,
    ) -> Result<HashSet<RunId>> {
        let clause = self.clause(filter, moment)?;
        let mut values = clause.values.clone();
        values.push(Sql::Null);
        let sql = format!("SELECT 1 FROM runs r WHERE r.run_id = ?{} AND {}", values.len(), clause.sql);
        let mut one = self.db()?.prepare_cached(&sql)?;
        let mut matching = HashSet::new();
        for run in runs {
            if let Some(last) = values.last_mut() {
                *last = Sql::Blob(run.bytes().to_vec());
            }
            if one.exists(rusqlite::params_from_iter(&values))? {
                matching.insert(*run);
            }
        }
        Ok(matching)
    }
}

/// A number from 0 to 1 for a trace: the same for the same key, and spread evenly whatever the keys look like.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn place(key: &[u8]) -> f64 {
    let hash = ContentHash::of(Form::Bytes, key).prefix().cast_unsigned();
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}
