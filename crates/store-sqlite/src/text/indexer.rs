//! Fills the search index behind the commit, up to a watermark.

use crate::{
    blocks::{Blocks, Location},
    error::Result,
    isolate::catch_panic,
    quarantine,
    schema::stored,
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use std::time::{Duration, Instant};
use turnscope_model::ContentId;
use turnscope_store::TextOf;

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

/// A content to be indexed.
struct Content {
    id: ContentId,
    form: u32,
    location: Location,
}

impl Content {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: ContentId(row.get(0)?), form: row.get(1)?, location: Location::from_row(row, 2)? })
    }
}

impl Indexer {
    /// Without `text_of` nothing is indexed.
    pub(crate) fn new(db: &Connection, text_of: Option<TextOf>) -> Result<Self> {
        let watermark: i64 = db
            .query_row("SELECT value FROM state WHERE key = 'search_watermark'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let newest = newest_content(db)?;
        // Larger segments, merged less often: a third less work for the same index.
        db.execute_batch(
            "INSERT INTO search (search, rank) VALUES ('hashsize', 4194304);
             INSERT INTO search (search, rank) VALUES ('automerge', 8);",
        )?;
        // Contents at the end may have been deleted: their numbers are given out again after a restart.
        let watermark = watermark.min(newest);
        db.execute("UPDATE state SET value = ?1 WHERE key = 'search_watermark' AND value > ?1", [watermark])?;
        Ok(Self { text_of, watermark, newest, awake: text_of.is_some(), blocks: Blocks::new() })
    }

    pub(crate) fn is_idle(&self) -> bool {
        !self.awake
    }

    pub(crate) fn wake(&mut self) {
        self.awake = self.text_of.is_some();
    }

    /// Takes notice of what a commit added.
    pub(crate) fn committed(&mut self, db: &Connection) -> Result<()> {
        self.newest = newest_content(db)?;
        self.wake();
        Ok(())
    }

    /// Stops until the next commit, after a failure.
    pub(crate) fn sleep(&mut self) {
        self.awake = false;
    }

    /// Contents that the index has not reached.
    pub(crate) fn lag(&self) -> u64 {
        if self.text_of.is_none() {
            return 0;
        }
        u64::try_from(self.newest - self.watermark).unwrap_or(0)
    }

    /// Indexes what is new, for about `budget`, in one transaction. Contents that cannot be indexed, because of damage or
    /// a bug, go into quarantine; gives how many.
    pub(crate) fn run(&mut self, db: &mut Connection, budget: Duration) -> Result<u64> {
        let Some(text_of) = self.text_of else { return Ok(0) };
        let began = Instant::now();
        let mut tx = db.transaction()?;
        self.blocks.refresh(&tx)?;
        let (mut watermark, mut set_aside, mut done) = (self.watermark, 0, false);
        while !done && began.elapsed() < budget {
            let batch: Vec<Content> = tx
                .prepare_cached(
                    "SELECT id, form, block, off, len FROM contents WHERE id > ?1 ORDER BY id LIMIT ?2",
                )?
                .query_map((watermark, STEP), Content::read)?
                .collect::<rusqlite::Result<_>>()?;
            done = batch.len() < STEP;
            for content in batch {
                watermark = content.id.0;
                if content.form & stored::SEARCHED != 0 {
                    set_aside += self.index_one(&mut tx, text_of, &content)?;
                }
            }
        }
        if done {
            let late: Vec<Content> = tx
                .prepare_cached(
                    "SELECT c.id, c.form, c.block, c.off, c.len FROM search_late l JOIN contents c ON c.id = l.content",
                )?
                .query_map([], Content::read)?
                .collect::<rusqlite::Result<_>>()?;
            for content in &late {
                tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([content.id.0])?;
                quarantine::remove(&tx, quarantine::Kind::Content, content.id.0)?;
                set_aside += self.index_one(&mut tx, text_of, content)?;
            }
            tx.execute("DELETE FROM search_late", [])?;
        }
        tx.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES ('search_watermark', ?1)")?
            .execute([watermark])?;
        self.newest = newest_content(&tx)?;
        tx.commit()?;
        self.watermark = watermark;
        self.awake = !done;
        Ok(set_aside)
    }

    /// Indexes one content; gives 1 when it went into quarantine instead.
    fn index_one(&mut self, tx: &mut Transaction<'_>, text_of: TextOf, content: &Content) -> Result<u64> {
        match catch_panic(|| self.text(tx, text_of, content)) {
            Ok(text) => {
                if !text.trim().is_empty() {
                    tx.prepare_cached("INSERT INTO search (rowid, text) VALUES (?1, ?2)")?
                        .execute((content.id.0, text))?;
                }
                Ok(0)
            }
            Err(error) if error.is_permanent() => {
                quarantine::put(tx, quarantine::Kind::Content, content.id.0, &error)?;
                Ok(1)
            }
            Err(error) => Err(error),
        }
    }

    fn text(&mut self, db: &Connection, text_of: TextOf, content: &Content) -> Result<String> {
        let bytes = self.blocks.read(db, content.location)?;
        let (form, purpose) = stored::form_and_purpose(content.id, content.form)?;
        let mut text = text_of(form, purpose, &bytes);
        if text.len() > TEXT_BYTES {
            text.truncate(text.floor_char_boundary(TEXT_BYTES));
        }
        Ok(text)
    }
}

fn newest_content(db: &Connection) -> Result<i64> {
    Ok(db.prepare_cached("SELECT coalesce(max(id), 0) FROM contents")?.query_row([], |row| row.get(0))?)
}
