//! Takes records out, with the contents that nothing else uses and the blocks in which nothing else lies.

use super::repack::rows_in_block;
use crate::{
    blocks::{BlockId, Blocks, Location},
    encode::{context_list, facts_row},
    error::Result,
    read::{Lists, inline},
    schema::stored::hash_of,
    write::hash_tables::remove_content,
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::{BTreeSet, HashSet};
use turnscope_model::{ContentHash, ContentId, Kind, RecordId};

/// Records on their way out, and the contents and blocks that may go with them.
pub(super) struct RecordRemoval {
    records: Vec<RecordId>,
    contents: BTreeSet<ContentId>,
    blocks: BTreeSet<BlockId>,
    lists: Lists,
    cache: Blocks,
}

impl Default for RecordRemoval {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            contents: BTreeSet::new(),
            blocks: BTreeSet::new(),
            lists: Lists::default(),
            cache: Blocks::new(),
        }
    }
}

impl RecordRemoval {
    /// Adds a record. Of one that is damaged, what cannot be read stays behind: contents that nothing leads to.
    pub(super) fn add(&mut self, tx: &Transaction<'_>, id: RecordId) -> Result<()> {
        let row: Option<(Vec<u8>, Location)> = tx
            .prepare_cached("SELECT facts, block, off, len FROM records WHERE id = ?1")?
            .query_row([id.0], |row| Ok((row.get(0)?, Location::from_row(row, 1)?)))
            .optional()?;
        let Some((facts, location)) = row else { return Ok(()) };
        if location.block != BlockId::NONE {
            self.blocks.insert(location.block);
        }
        self.records.push(id);
        match self.contents_of(tx, id, location) {
            Ok(contents) => self.contents.extend(contents),
            Err(error) if error.is_damage() => {
                tracing::warn!(record = id.0, %error, "a damaged record is deleted; some of its contents stay");
            }
            Err(error) => return Err(error),
        }
        if let Ok((_, companions)) = facts_row::decode(&facts, Kind::Other) {
            self.contents.extend(companions.contents());
        }
        Ok(())
    }

    fn contents_of(
        &mut self,
        tx: &Transaction<'_>,
        id: RecordId,
        location: Location,
    ) -> Result<Vec<ContentId>> {
        let slots: Vec<u32> = tx
            .prepare_cached("SELECT slot FROM contexts WHERE record = ?1")?
            .query_map([id.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut contents = Vec::new();
        for slot in slots {
            contents.extend(self.lists.read(tx, id, slot)?);
        }
        contents.extend(inline(tx, &mut self.cache, id, location)?);
        Ok(contents)
    }

    /// Something else went out of this block.
    pub(super) fn add_block(&mut self, block: i64) {
        self.blocks.insert(BlockId(block));
    }

    /// Deletes what was added; gives the contents that went with it.
    pub(super) fn finish(self, tx: &Transaction<'_>) -> Result<Vec<ContentHash>> {
        for id in &self.records {
            tx.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id.0])?;
        }
        self.finish_contents(tx)
    }

    /// Deletes what the records that were added were sent with, and leaves their facts; gives the contents that went.
    pub(super) fn finish_contents(mut self, tx: &Transaction<'_>) -> Result<Vec<ContentHash>> {
        let gone: HashSet<RecordId> = self.records.iter().copied().collect();
        self.write_out_foreign_lists(tx, &gone)?;
        for id in &self.records {
            tx.prepare_cached("DELETE FROM contexts WHERE record = ?1")?.execute([id.0])?;
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        let mut hashes = Vec::new();
        for content in &self.contents {
            if let Some((block, hash)) = release(tx, *content, &gone)? {
                blocks.insert(block);
                hashes.push(hash);
            }
        }
        let mut any = false;
        for block in blocks {
            if rows_in_block(tx, block)?.is_empty() {
                tx.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([block.0])?;
                any = true;
            }
        }
        // After a restart its number may be given out again.
        if any {
            Blocks::changed(tx)?;
        }
        Ok(hashes)
    }

    /// Lists of other trace groups that are coded against a list that goes are written out whole.
    fn write_out_foreign_lists(&mut self, tx: &Transaction<'_>, gone: &HashSet<RecordId>) -> Result<()> {
        for id in gone {
            let dependents: Vec<(RecordId, u32)> = tx
                .prepare_cached("SELECT record, slot FROM foreign_bases WHERE base_record = ?1")?
                .query_map([id.0], |row| Ok((RecordId(row.get(0)?), row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            for (record, slot) in dependents.into_iter().filter(|(record, _)| !gone.contains(record)) {
                let list = self.lists.read(tx, record, slot)?;
                write_out(tx, record, slot, &list)?;
            }
            tx.prepare_cached("DELETE FROM foreign_bases WHERE base_record = ?1")?.execute([id.0])?;
            tx.prepare_cached(
                "DELETE FROM foreign_bases WHERE record = ?1 AND base_record IN
                     (SELECT base_record FROM contexts WHERE record = ?1 AND base_record IS NOT NULL)",
            )?
            .execute([id.0])?;
        }
        Ok(())
    }
}

/// Writes a list without a base list; the record keeps its contents alive by itself from now on.
pub(super) fn write_out(tx: &Transaction<'_>, record: RecordId, slot: u32, list: &[ContentId]) -> Result<()> {
    let coded = context_list::encode(list, &[]);
    tx.prepare_cached(
        "UPDATE contexts SET base_record = NULL, base_slot = NULL, ops = ?3 WHERE record = ?1 AND slot = ?2",
    )?
    .execute((record.0, slot, coded.ops))?;
    for content in coded.literals {
        tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?
            .execute((content.0, record.0))?;
    }
    Ok(())
}

/// Takes away the uses of a content by records that are gone. Without any other use the content is deleted, and its block
/// is given with its hash.
fn release(
    tx: &Transaction<'_>,
    content: ContentId,
    gone: &HashSet<RecordId>,
) -> Result<Option<(BlockId, ContentHash)>> {
    let users: Vec<RecordId> = tx
        .prepare_cached("SELECT record FROM uses WHERE content = ?1")?
        .query_map([content.0], |row| row.get(0).map(RecordId))?
        .collect::<rusqlite::Result<_>>()?;
    let delete_use = |user: &RecordId| -> Result<()> {
        tx.prepare_cached("DELETE FROM uses WHERE content = ?1 AND record = ?2")?
            .execute((content.0, user.0))?;
        Ok(())
    };
    users.iter().filter(|user| gone.contains(user)).try_for_each(delete_use)?;
    let first: Option<i64> = tx
        .prepare_cached("SELECT record FROM contents WHERE id = ?1")?
        .query_row([content.0], |row| row.get(0))
        .optional()?;
    if first.is_none_or(|first| !gone.contains(&RecordId(first))) {
        return Ok(None);
    }
    // The next user takes the place of the one that met it first.
    if let Some(next) = users.iter().find(|user| !gone.contains(user)) {
        tx.prepare_cached("UPDATE contents SET record = ?2 WHERE id = ?1")?.execute((content.0, next.0))?;
        delete_use(next)?;
        return Ok(None);
    }
    let (block, hash1, hash2): (i64, i64, i64) = tx
        .prepare_cached("DELETE FROM contents WHERE id = ?1 RETURNING block, hash1, hash2")?
        .query_row([content.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    remove_content(tx, hash1, content.0)?;
    tx.prepare_cached("DELETE FROM search_late WHERE content = ?1")?.execute([content.0])?;
    tx.prepare_cached("DELETE FROM quarantine WHERE kind = 'content' AND target = ?1")?
        .execute([content.0])?;
    Ok(Some((BlockId(block), hash_of(hash1, hash2))))
}
