//! What makes the store smaller: deleting runs, pruning by age and size, rewriting half-empty blocks; and its backup.

use crate::{
    Change, Reader, Store, StoreError,
    blocks::Blocks,
    commit::role,
    content::{self, Lists},
    facts_row,
    pack::Place,
    projector::{delete_run_rows, group_of},
    writer::Writer,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    time::Duration,
};
use turnscope_model::{Kind, RunId};

/// Units deleted in one transaction, so that requests are not kept waiting.
const UNITS_AT_ONCE: usize = 100;

/// What is to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Everything that ended before this goes, nanoseconds since the epoch.
    pub before: Option<i64>,
    /// The oldest goes until what is kept fits into this many bytes.
    pub max_bytes: Option<u64>,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Traces and assembled runs.
    pub units: u64,
    /// Spans and log records.
    pub records: u64,
    /// Metrics.
    pub metrics: u64,
}

impl Store {
    /// Deletes a run with its child runs and all their content; `false` when there is none. The trace goes with its last run.
    pub fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.on_writer(move |writer| {
            writer.project(true);
            let unit: Option<i64> = writer
                .db
                .query_row("SELECT unit FROM runs WHERE run_id = ?1", [run.bytes()], |row| row.get(0))
                .optional()?;
            let Some(unit) = unit else { return Ok(false) };
            let roots: i64 = writer.db.query_row(
                "SELECT count(*) FROM runs WHERE unit = ?1 AND parent_run_id IS NULL AND run_id <> ?2",
                (unit, run.bytes()),
                |row| row.get(0),
            )?;
            let is_root: bool = writer.db.query_row(
                "SELECT parent_run_id IS NULL FROM runs WHERE run_id = ?1",
                [run.bytes()],
                |row| row.get(0),
            )?;
            if roots == 0 && is_root {
                let group = group_of(&writer.db, unit)?;
                delete_units(writer, &group)?;
            } else {
                delete_part(writer, unit, run)?;
            }
            Ok(true)
        })
    }

    /// Deletes what is too old or too much, a little at a time.
    pub fn prune(
        &self,
        retention: Retention,
        mut progress: impl FnMut(Pruned),
    ) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        loop {
            let step = self.on_writer(move |writer| prune_step(writer, retention))?;
            pruned.units += step.units;
            pruned.records += step.records;
            pruned.metrics += step.metrics;
            if step == Pruned::default() {
                return Ok(pruned);
            }
            progress(pruned);
        }
    }

    /// Rewrites blocks of which less than half is used, merges the search index and gives free pages back to the disk.
    pub fn vacuum(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            repack(writer)?;
            writer.db.execute_batch("INSERT INTO search (search) VALUES ('optimize');")?;
            writer.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(())
        })
    }
}

impl Reader {
    /// Copies the store, as it is at one moment, into a new file; the server goes on meanwhile.
    pub fn backup(&mut self, to: &Path, mut progress: impl FnMut(u32, u32)) -> Result<(), StoreError> {
        let mut target = Connection::open(to)?;
        let backup = rusqlite::backup::Backup::new(&self.db, &mut target)?;
        loop {
            let step = backup.step(2000)?;
            let done = backup.progress();
            progress((done.pagecount - done.remaining) as u32, done.pagecount as u32);
            match step {
                rusqlite::backup::StepResult::Done => return Ok(()),
                rusqlite::backup::StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Bytes in use and bytes free within the file.
    pub fn size(&mut self) -> Result<(u64, u64), StoreError> {
        size(&self.db)
    }
}

fn size(db: &Connection) -> Result<(u64, u64), StoreError> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
    let (page, pages, free) = (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
    Ok(((pages - free) * page, free * page))
}

fn prune_step(writer: &mut Writer, retention: Retention) -> Result<Pruned, StoreError> {
    let (used, _) = size(&writer.db)?;
    let over = retention.max_bytes.is_some_and(|max| used > max);
    let old: Vec<i64> = match retention.before {
        Some(before) => writer
            .db
            .prepare_cached("SELECT id FROM units WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2")?
            .query_map((before, UNITS_AT_ONCE), |row| row.get(0))?
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let units = if old.is_empty() && over {
        writer
            .db
            .prepare_cached("SELECT id FROM units ORDER BY started_at LIMIT ?1")?
            .query_map([UNITS_AT_ONCE.min(20)], |row| row.get(0))?
            .collect::<Result<_, _>>()?
    } else {
        old
    };
    let mut pruned = Pruned::default();
    if let Some(before) = retention.before {
        pruned.metrics = writer.db.execute("DELETE FROM metrics WHERE ended_at < ?1", [before])? as u64;
        pruned.records = delete_loose_logs(writer, before)?;
    }
    if !units.is_empty() {
        // What is projected together goes together.
        let mut all = BTreeSet::new();
        for unit in units {
            all.extend(group_of(&writer.db, unit)?);
        }
        let all: Vec<i64> = all.into_iter().collect();
        pruned.records += delete_units(writer, &all)?;
        pruned.units = all.len() as u64;
    }
    Ok(pruned)
}

/// Log records that belong to no run and to no trace.
fn delete_loose_logs(writer: &mut Writer, before: i64) -> Result<u64, StoreError> {
    let tx = writer.db.transaction()?;
    let rows: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM records WHERE unit IS NULL AND trace IS NULL AND start < ?1 LIMIT 10000",
        )?
        .query_map([before], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut sweep = Sweep::default();
    for row in &rows {
        sweep.record(&tx, *row)?;
    }
    sweep.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    Ok(rows.len() as u64)
}

/// Deletes whole units; gives the number of records.
fn delete_units(writer: &mut Writer, units: &[i64]) -> Result<u64, StoreError> {
    let tx = writer.db.transaction()?;
    let mut sweep = Sweep::default();
    let mut deleted = 0;
    let mut changes = Vec::new();
    for unit in units {
        let rows: Vec<i64> = tx
            .prepare_cached(
                "SELECT id FROM records WHERE unit = ?1 UNION SELECT id FROM records WHERE trace = ?1 AND role & 15 < 2",
            )?
            .query_map([unit], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for row in &rows {
            sweep.record(&tx, *row)?;
        }
        deleted += rows.len() as u64;
        let runs: Vec<(i64, Vec<u8>)> = tx
            .prepare_cached("SELECT id, run_id FROM runs WHERE unit = ?1")?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, run_id) in runs {
            delete_run_rows(&tx, id)?;
            if let Ok(run_id) = RunId::from_bytes(&run_id) {
                changes.push(Change { run_id, gone: true });
            }
        }
        for table in ["scores", "tags", "joins"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE unit = ?1"))?.execute([unit])?;
        }
        tx.prepare_cached("DELETE FROM units WHERE id = ?1")?.execute([unit])?;
    }
    sweep.finish(&tx)?;
    tx.commit()?;
    writer.projector.forget(units);
    writer.committer.reset();
    if !changes.is_empty() {
        (writer.on_change)(changes);
    }
    Ok(deleted)
}

/// Deletes one of several runs of a unit, with its child runs.
fn delete_part(writer: &mut Writer, unit: i64, run: RunId) -> Result<(), StoreError> {
    let group = group_of(&writer.db, unit)?;
    let view = {
        let mut blocks = Blocks::new();
        let nodes = crate::nodes::load(&writer.db, &mut blocks, &group)?;
        let projection = crate::projector::project_group(&writer.db, &group, &nodes)?;
        crate::query::UnitView { nodes, projection }
    };
    let Some(above) = view.run_index(run) else { return Ok(()) };
    let doomed: BTreeSet<i64> = view
        .projection
        .steps
        .iter()
        .filter(|step| step.run.is_some_and(|run| view.is_within(run, above)))
        .flat_map(|step| step.node.into_iter().chain(step.joined.iter().copied()))
        .map(|node| view.nodes[node].row)
        .collect();
    let tx = writer.db.transaction()?;
    keep_lists_whole(&tx, &group, &doomed)?;
    let mut sweep = Sweep::default();
    for row in &doomed {
        sweep.record(&tx, *row)?;
    }
    tx.prepare_cached("DELETE FROM scores WHERE run_id = ?1")?.execute([run.bytes()])?;
    tx.prepare_cached("DELETE FROM tags WHERE unit = ?1 AND run_id = ?2")?.execute((unit, run.bytes()))?;
    tx.prepare_cached("UPDATE units SET dirty = 1, spans = max(0, spans - ?2) WHERE id = ?1")?
        .execute((unit, doomed.len()))?;
    sweep.finish(&tx)?;
    tx.commit()?;
    writer.committer.reset();
    writer.projector.add(unit);
    writer.project(true);
    Ok(())
}

/// Writes out the lists that are coded against a doomed record's.
fn keep_lists_whole(tx: &Transaction<'_>, group: &[i64], doomed: &BTreeSet<i64>) -> Result<(), StoreError> {
    let mut lists = Lists::default();
    let mut rewritten = Vec::new();
    for unit in group {
        let based: Vec<(i64, u32, i64)> = tx
            .prepare_cached(
                "SELECT x.record, x.hole, x.base_record FROM contexts x JOIN records c ON c.id = x.record
                 WHERE c.unit = ?1 AND x.base_record IS NOT NULL",
            )?
            .query_map([unit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (record, hole, base) in based {
            if doomed.contains(&base) && !doomed.contains(&record) {
                rewritten.push((record, hole, lists.read(tx, record, hole)?));
            }
        }
    }
    for (record, hole, list) in rewritten {
        let coded = crate::contexts::encode(&list, &[]);
        tx.prepare_cached(
            "UPDATE contexts SET base_record = NULL, base_hole = NULL, ops = ?3 WHERE record = ?1 AND hole = ?2",
        )?
        .execute((record, hole, coded.ops))?;
        for content in coded.literals {
            tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?
                .execute((content, record))?;
        }
    }
    Ok(())
}

/// Records on their way out, and the contents and blocks that may go with them.
struct Sweep {
    records: Vec<i64>,
    contents: BTreeSet<i64>,
    blocks: BTreeSet<i64>,
    lists: Lists,
    has_logs: bool,
    cache: Blocks,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            contents: BTreeSet::new(),
            blocks: BTreeSet::new(),
            lists: Lists::default(),
            has_logs: false,
            cache: Blocks::new(),
        }
    }
}

impl Sweep {
    fn record(&mut self, tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
        let row: Option<(Vec<u8>, u32, Place)> = tx
            .prepare_cached("SELECT facts, role, block, off, len FROM records WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, Place::from_row(row, 2)?)))
            .optional()?;
        let Some((facts, role, place)) = row else { return Ok(()) };
        self.has_logs |= matches!(role & role::MASK, role::LOG | role::EVENT);
        self.blocks.insert(place.block);
        self.records.push(id);
        let holes: Vec<u32> = tx
            .prepare_cached("SELECT hole FROM contexts WHERE record = ?1")?
            .query_map([id], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for hole in holes {
            self.contents.extend(self.lists.read(tx, id, hole)?);
        }
        self.contents.extend(content::inline(tx, &mut self.cache, id, place)?);
        if let Ok((_, beside)) = facts_row::decode(&facts, Kind::Other) {
            self.contents.extend(beside.contents());
        }
        Ok(())
    }

    fn finish(self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        let gone: HashSet<i64> = self.records.iter().copied().collect();
        for id in &self.records {
            tx.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM contexts WHERE record = ?1")?.execute([id])?;
        }
        let mut blocks = self.blocks;
        for content in &self.contents {
            let users: Vec<i64> = tx
                .prepare_cached("SELECT record FROM uses WHERE content = ?1")?
                .query_map([content], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for user in users.iter().filter(|user| gone.contains(user)) {
                tx.prepare_cached("DELETE FROM uses WHERE content = ?1 AND record = ?2")?
                    .execute((content, user))?;
            }
            let first: Option<i64> = tx
                .prepare_cached("SELECT record FROM contents WHERE id = ?1")?
                .query_row([content], |row| row.get(0))
                .optional()?;
            if first.is_none_or(|first| !gone.contains(&first)) {
                continue;
            }
            // The next user takes the place of the one that met it first.
            if let Some(heir) = users.iter().find(|user| !gone.contains(user)) {
                tx.prepare_cached("UPDATE contents SET record = ?2 WHERE id = ?1")?
                    .execute((content, heir))?;
                tx.prepare_cached("DELETE FROM uses WHERE content = ?1 AND record = ?2")?
                    .execute((content, heir))?;
            } else {
                let block: Option<i64> = tx
                    .prepare_cached("DELETE FROM contents WHERE id = ?1 RETURNING block")?
                    .query_row([content], |row| row.get(0))
                    .optional()?;
                blocks.extend(block);
                tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([content])?;
            }
        }
        if self.has_logs {
            // Hashes are found by hash only: one pass over all of them, not one for each record.
            let gone = serde_json::to_string(&self.records).unwrap_or_default();
            tx.prepare_cached("DELETE FROM log_hashes WHERE record IN (SELECT value FROM json_each(?1))")?
                .execute([gone])?;
        }
        for block in blocks {
            if tenants(tx, block)?.is_empty() {
                tx.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([block])?;
            }
        }
        Ok(())
    }
}

/// A row that lies in a block.
#[derive(Clone, Copy)]
struct Tenant {
    table: &'static str,
    id: i64,
    place: Place,
}

/// Everything that lies in a block. Ids and blocks grow together in each table, so the rows lie side by side.
fn tenants(tx: &Transaction<'_>, block: i64) -> Result<Vec<Tenant>, StoreError> {
    let mut all = Vec::new();
    for table in ["records", "contents", "metrics"] {
        let Some(first) = first_in_block(tx, table, block)? else { continue };
        let mut statement = tx
            .prepare_cached(&format!("SELECT block, off, len, id FROM {table} WHERE id >= ?1 ORDER BY id"))?;
        let mut rows = statement.query([first])?;
        while let Some(row) = rows.next()? {
            let place = Place::from_row(row, 0)?;
            if place.block != block {
                break;
            }
            all.push(Tenant { table, id: row.get(3)?, place });
        }
    }
    Ok(all)
}

/// The first row of a table that lies in this block, by bisection over the ids.
fn first_in_block(tx: &Transaction<'_>, table: &str, block: i64) -> Result<Option<i64>, StoreError> {
    let (mut low, mut high): (i64, i64) = tx
        .prepare_cached(&format!("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM {table}"))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut at_or_after =
        tx.prepare_cached(&format!("SELECT id, block FROM {table} WHERE id >= ?1 ORDER BY id LIMIT 1"))?;
    let mut found = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, i64)> =
            at_or_after.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((id, here)) if here < block => low = id + 1,
            Some((id, here)) => {
                if here == block {
                    found = Some(id);
                }
                high = middle - 1;
            }
            None => high = middle - 1,
        }
    }
    Ok(found)
}

/// Rewrites blocks of which less than half is used, under their old numbers.
fn repack(writer: &mut Writer) -> Result<(), StoreError> {
    let blocks: Vec<(i64, u64)> = writer
        .db
        .prepare("SELECT id, size FROM blocks ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (block, size) in blocks {
        let tx = writer.db.transaction()?;
        let tenants = tenants(&tx, block)?;
        let used: u64 = tenants.iter().map(|tenant| u64::from(tenant.place.len)).sum();
        if used * 2 >= size {
            continue;
        }
        let mut cache = Blocks::new();
        let mut raw = Vec::with_capacity(used as usize);
        let mut moved: BTreeMap<(i64, &str), u32> = BTreeMap::new();
        for tenant in &tenants {
            moved.insert((tenant.id, tenant.table), raw.len() as u32);
            raw.extend(cache.read(&tx, tenant.place)?);
        }
        if tenants.is_empty() {
            tx.execute("DELETE FROM blocks WHERE id = ?1", [block])?;
        } else {
            let data = zstd::bulk::compress(&raw, 3).map_err(StoreError::Compress)?;
            tx.execute("UPDATE blocks SET size = ?2, data = ?3 WHERE id = ?1", (block, raw.len(), data))?;
            for ((id, table), off) in moved {
                tx.prepare_cached(&format!("UPDATE {table} SET off = ?2 WHERE id = ?1"))?
                    .execute((id, off))?;
            }
        }
        tx.commit()?;
    }
    Ok(())
}
