//! Takes records out, with the contents that nothing else uses and the blocks in which nothing else lies.

use crate::{
    StoreError,
    blocks::Blocks,
    commit::role,
    content::{self, Lists},
    facts_row,
    hash_index::remove_numbers,
    pack::Place,
    repack::tenants,
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::{BTreeSet, HashSet};
use turnscope_model::Kind;

/// Records on their way out, and the contents and blocks that may go with them.
pub(crate) struct Sweep {
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
    pub(crate) fn record(&mut self, tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
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

    pub(crate) fn finish(self, tx: &Transaction<'_>) -> Result<(), StoreError> {
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
                let (block, hash): (i64, i64) = tx
                    .prepare_cached("DELETE FROM contents WHERE id = ?1 RETURNING block, hash1")?
                    .query_row([content], |row| Ok((row.get(0)?, row.get(1)?)))?;
                tx.prepare_cached("DELETE FROM content_hashes WHERE hash = ?1 AND content = ?2")?
                    .execute((hash, content))?;
                blocks.insert(block);
                tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([content])?;
            }
        }
        if self.has_logs {
            remove_numbers(tx, "log_hashes", "record", &self.records)?;
        }
        let mut any = false;
        for block in blocks {
            if tenants(tx, block)?.is_empty() {
                tx.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([block])?;
                any = true;
            }
        }
        // After a restart its number may be given out again.
        if any { Blocks::changed(tx) } else { Ok(()) }
    }
}
