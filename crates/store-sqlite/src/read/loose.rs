//! What a walk through everything needs beside runs: trace groups, records that belong to none, and metrics.

use super::SqliteReader;
use crate::{blocks::Location, error::Result, groups::record_facts};
use std::sync::Arc;
use turnscope_model::{MetricId, RecordId, TraceGroupId};
use turnscope_store::{LooseRecords, StoredMetric};

/// Rows of records looked at for one answer, and loose records given in it. No index leads to the loose ones.
const LOOKED_AT: u32 = 50_000;
const GIVEN: usize = 500;

impl SqliteReader<'_> {
    /// Trace groups in the order of their numbers, those that another one leads left out.
    pub(super) fn groups_above(&mut self, above: TraceGroupId, limit: u32) -> Result<Vec<TraceGroupId>> {
        let mut statement = self.db()?.prepare_cached(
            "SELECT id FROM trace_groups WHERE id > ?1 AND coalesce(leader, id) = id ORDER BY id LIMIT ?2",
        )?;
        let ids = statement.query_map((above.0, limit), |row| row.get(0).map(TraceGroupId))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// The next records without a trace group.
    pub(super) fn loose_records_above(&mut self, above: RecordId) -> Result<LooseRecords> {
        let mut loose = Vec::new();
        let mut looked_to = None;
        let mut count = 0;
        {
            let mut statement = self.db()?.prepare_cached(
                "SELECT id, trace_group IS NULL FROM records WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut rows = statement.query((above.0, LOOKED_AT))?;
            while loose.len() < GIVEN
                && let Some(row) = rows.next()?
            {
                count += 1;
                let id = RecordId(row.get(0)?);
                looked_to = Some(id);
                if row.get(1)? {
                    loose.push(id);
                }
            }
        }
        let is_last = loose.len() < GIVEN && count < LOOKED_AT;
        let mut records = Vec::with_capacity(loose.len());
        for id in loose {
            let open = self.open()?;
            let read = record_facts::load_one(&open.db, &mut open.blocks, id);
            records.push(self.each(&format!("record {id}"), read)?);
        }
        Ok(LooseRecords { records, looked_to: looked_to.filter(|_| !is_last) })
    }

    /// The next metrics.
    pub(super) fn metrics_above(&mut self, above: MetricId, limit: u32) -> Result<Vec<StoredMetric>> {
        let rows: Vec<(i64, Vec<u8>, Location)> = self
            .db()?
            .prepare_cached(
                "SELECT m.id, o.bytes, m.block, m.off, m.len FROM metrics m JOIN origins o ON o.id = m.origin
                 WHERE m.id > ?1 ORDER BY m.id LIMIT ?2",
            )?
            .query_map((above.0, limit), |row| Ok((row.get(0)?, row.get(1)?, Location::from_row(row, 2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut metrics = Vec::with_capacity(rows.len());
        for (id, origin, location) in rows {
            let open = self.open()?;
            let read = open.blocks.read(&open.db, location).map(Some);
            let bytes = self.each(&format!("metric {id}"), read)?;
            metrics.push(StoredMetric { id: MetricId(id), bytes, origin: Arc::from(origin) });
        }
        Ok(metrics)
    }
}
