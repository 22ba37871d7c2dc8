//! The search index: filled behind the commit, up to a watermark.

use crate::{blocks::Blocks, intern::SEARCHED, pack::Place, sqlite::StoreError};
use rusqlite::{Connection, OptionalExtension as _};
use std::time::{Duration, Instant};
use turnscope_model::{Form, Purpose};

/// The searchable text of one content: given by the caller, since the store knows no message formats.
pub type TextOf = fn(Form, Purpose, &[u8]) -> String;

/// Contents indexed between two looks at the clock.
const STEP: usize = 64;
/// Text indexed per content at most: nobody searches the tenth megabyte of a dump.
const TEXT_BYTES: usize = 256 * 1024;

/// How far the index has come.
pub(crate) struct Indexer {
    text_of: Option<TextOf>,
    watermark: i64,
    newest: i64,
    awake: bool,
    blocks: Blocks,
}

impl Indexer {
    /// Without `text_of` nothing is indexed.
    pub(crate) fn new(db: &Connection, text_of: Option<TextOf>) -> Result<Self, StoreError> {
        let watermark = db
            .query_row("SELECT value FROM state WHERE key = 'search_watermark'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let newest = db.query_row("SELECT coalesce(max(id), 0) FROM contents", [], |row| row.get(0))?;
        // Larger segments, merged less often: a third less work for the same index.
        db.execute_batch(
            "INSERT INTO search (search, rank) VALUES ('hashsize', 4194304);
             INSERT INTO search (search, rank) VALUES ('automerge', 8);",
        )?;
        // Contents at the end may have been deleted: their numbers are given out again after a restart.
        let watermark = std::cmp::min(watermark, newest);
        db.execute("UPDATE state SET value = ?1 WHERE key = 'search_watermark' AND value > ?1", [watermark])?;
        Ok(Self { text_of, watermark, newest, awake: text_of.is_some(), blocks: Blocks::new() })
    }

    pub(crate) fn is_idle(&self) -> bool {
        !self.awake
    }

    pub(crate) fn wake(&mut self) {
        self.awake = self.text_of.is_some();
    }

    pub(crate) fn lag(&self) -> i64 {
        self.newest - self.watermark
    }

    /// Indexes what is new, for about `budget`, in one transaction.
    pub(crate) fn run(&mut self, db: &mut Connection, budget: Duration) -> Result<(), StoreError> {
        let Some(text_of) = self.text_of else { return Ok(()) };
        let began = Instant::now();
        let tx = db.transaction()?;
        self.blocks.refresh(&tx)?;
        let mut watermark = self.watermark;
        let mut done = false;
        while !done && began.elapsed() < budget {
            let batch: Vec<(i64, u32, Place)> = tx
                .prepare_cached(
                    "SELECT id, form, block, off, len FROM contents WHERE id > ?1 ORDER BY id LIMIT ?2",
                )?
                .query_map((watermark, STEP), |row| Ok((row.get(0)?, row.get(1)?, Place::from_row(row, 2)?)))?
                .collect::<Result<_, _>>()?;
            done = batch.len() < STEP;
            for (id, form, place) in batch {
                if form & SEARCHED != 0 {
                    index(&tx, &mut self.blocks, text_of, (id, form, place))?;
                }
                watermark = id;
            }
        }
        if done {
            let late: Vec<(i64, u32, Place)> = tx
                .prepare_cached(
                    "SELECT c.id, c.form, c.block, c.off, c.len FROM search_late l JOIN contents c ON c.id = l.content",
                )?
                .query_map([], |row| {
                    Ok((row.get(0)?, row.get(1)?, Place::from_row(row, 2)?))
                })?
                .collect::<Result<_, _>>()?;
            for content in &late {
                tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([content.0])?;
                index(&tx, &mut self.blocks, text_of, *content)?;
            }
            tx.execute("DELETE FROM search_late", [])?;
        }
        tx.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES ('search_watermark', ?1)")?
            .execute([watermark])?;
        self.newest = tx.query_row("SELECT coalesce(max(id), 0) FROM contents", [], |row| row.get(0))?;
        tx.commit()?;
        self.watermark = watermark;
        self.awake = !done;
        Ok(())
    }
}

fn index(
    db: &Connection,
    blocks: &mut Blocks,
    text_of: TextOf,
    (id, form, place): (i64, u32, Place),
) -> Result<(), StoreError> {
    let bytes = blocks.read(db, place)?;
    let (Some(shape), Some(purpose)) =
        (Form::from_u8((form & 15) as u8), Purpose::from_u8((form >> 5) as u8))
    else {
        return Err(StoreError::Damaged(format!("content {id} has form {form}")));
    };
    let mut text = text_of(shape, purpose, &bytes);
    if text.len() > TEXT_BYTES {
        let mut end = TEXT_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    if !text.trim().is_empty() {
        db.prepare_cached("INSERT INTO search (rowid, text) VALUES (?1, ?2)")?.execute((id, text))?;
    }
    Ok(())
}
