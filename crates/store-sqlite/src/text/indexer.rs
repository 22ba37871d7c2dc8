//! Fills the search index behind the commit: units are closed when their signature is full, and their signatures become
//! segments when there are enough of them.

use super::{
    slices::{MERGED, NARROW, Segment, WIDE, state},
    unit::{Contents, OpenUnit, is_long, pieces},
};
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
use turnscope_query::folded;
use turnscope_store::TextOf;

/// Contents indexed between two looks at the clock.
const STEP: usize = 64;
/// Late contents that make a unit. Fewer are read by every question.
const LATE: usize = 64;
/// Rows of a segment removed at once.
const REMOVED: usize = 256;

/// How far the index has come.
pub(crate) struct Indexer {
    text_of: Option<TextOf>,
    /// The last content of the last unit that is closed.
    closed: i64,
    /// The last content whose text is in the open unit.
    seen: i64,
    open: OpenUnit,
    newest: i64,
    /// The newest content when the store was opened.
    first: i64,
    awake: bool,
    blocks: Blocks,
}

/// Contents of one or two seconds of a heavy load.
const FAR_BEHIND: u64 = 16_384;

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
        let closed = super::watermark(db)?;
        let newest = newest_content(db)?;
        Ok(Self {
            text_of,
            closed,
            seen: closed,
            open: OpenUnit::new(),
            newest,
            first: newest,
            awake: text_of.is_some(),
            blocks: Blocks::new(),
        })
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

    /// Tries again to read a content that is in quarantine; questions find it from now on.
    pub(crate) fn retry(&mut self, db: &mut Connection, content: i64) -> Result<()> {
        let Some(text_of) = self.text_of else { return Ok(()) };
        let tx = db.transaction()?;
        self.blocks.refresh(&tx)?;
        let found = tx
            .prepare_cached("SELECT id, form, block, off, len FROM contents WHERE id = ?1")?
            .query_row([content], Content::read)
            .optional()?;
        if let Some(found) = &found
            && searchable(&tx, &mut self.blocks, text_of, found)?.is_none()
        {
            return Ok(tx.commit()?);
        }
        if found.is_some() {
            super::add_late(&tx, ContentId(content))?;
        }
        quarantine::remove(&tx, quarantine::Kind::Content, content)?;
        tx.commit()?;
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
        u64::try_from(self.newest - self.seen).unwrap_or(0)
    }

    /// Whether contents come faster than they are indexed. A search reads all that the index has not reached. What was
    /// there at the start, of an older version perhaps, says nothing of the load.
    pub(crate) fn falls_behind(&self) -> bool {
        self.seen >= self.first && self.lag() > FAR_BEHIND
    }

    /// Indexes what is new, for about `budget`, in one transaction. Contents that cannot be indexed, because of damage or
    /// a bug, go into quarantine; gives how many.
    pub(crate) fn run(&mut self, db: &mut Connection, budget: Duration) -> Result<u64> {
        let Some(text_of) = self.text_of else { return Ok(0) };
        let until = Instant::now() + budget;
        let mut tx = db.transaction()?;
        let outcome = self.advance(&mut tx, text_of, until).and_then(|set_aside| {
            tx.commit()?;
            Ok(set_aside)
        });
        if outcome.is_err() {
            // What the open unit holds may lie before units that were not written.
            self.open = OpenUnit::new();
            self.closed = super::watermark(db)?;
            self.seen = self.closed;
        }
        outcome
    }

    fn advance(&mut self, tx: &mut Transaction<'_>, text_of: TextOf, until: Instant) -> Result<u64> {
        self.blocks.refresh(tx)?;
        let mut set_aside = 0;
        let mut done = false;
        while !done && Instant::now() < until {
            let batch: Vec<Content> = tx
                .prepare_cached(
                    "SELECT id, form, block, off, len FROM contents WHERE id > ?1 ORDER BY id LIMIT ?2",
                )?
                .query_map((self.seen, STEP), Content::read)?
                .collect::<rusqlite::Result<_>>()?;
            done = batch.len() < STEP;
            for content in batch {
                if content.form & stored::SEARCHED != 0 {
                    match searchable(tx, &mut self.blocks, text_of, &content)? {
                        Some(text) => self.add(tx, content.id, &text)?,
                        None => set_aside += 1,
                    }
                }
                self.seen = content.id.0;
            }
        }
        let mut is_done = done && self.index_late(tx, text_of, &mut set_aside)?;
        while is_done && tidy(tx)? {
            is_done = Instant::now() < until;
        }
        self.newest = newest_content(tx)?;
        self.awake = !is_done;
        Ok(set_aside)
    }

    /// Adds a content's text to the open unit, or gives it units of its own.
    fn add(&mut self, tx: &Transaction<'_>, id: ContentId, text: &str) -> Result<()> {
        if is_long(text) {
            if !self.open.is_empty() {
                self.close(tx, id.0 - 1)?;
            }
            for (part, piece) in pieces(text).into_iter().enumerate() {
                let mut unit = OpenUnit::new();
                unit.add(piece);
                Self::close_unit(tx, unit, Contents::one(id), part)?;
            }
            return self.set_watermark(tx, id.0);
        }
        self.open.add(text);
        if self.open.is_full() { self.close(tx, id.0) } else { Ok(()) }
    }

    /// Closes the open unit; its last content is this one.
    fn close(&mut self, tx: &Transaction<'_>, last: i64) -> Result<()> {
        let unit = std::mem::replace(&mut self.open, OpenUnit::new());
        Self::close_unit(tx, unit, Contents { first: self.closed + 1, last }, 0)?;
        self.set_watermark(tx, last)
    }

    fn set_watermark(&mut self, tx: &Transaction<'_>, closed: i64) -> Result<()> {
        tx.prepare_cached("INSERT OR REPLACE INTO state (key, value) VALUES ('search_watermark', ?1)")?
            .execute([closed])?;
        self.closed = closed;
        Ok(())
    }

    /// Writes a unit, and makes a segment once there are signatures enough.
    fn close_unit(tx: &Transaction<'_>, unit: OpenUnit, contents: Contents, part: usize) -> Result<i64> {
        let id = unit.close(tx, contents, part)?;
        let first: i64 =
            tx.prepare_cached("SELECT min(unit) FROM search_signatures")?.query_row([], |row| row.get(0))?;
        let waiting = usize::try_from(id - first + 1).unwrap_or(0);
        if waiting >= NARROW {
            let signatures: Vec<Vec<u8>> = tx
                .prepare_cached("SELECT bits FROM search_signatures ORDER BY unit LIMIT ?1")?
                .query_map([NARROW], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let segment = new_segment(tx, first, NARROW, state::WHOLE)?;
            segment.write(tx, &signatures)?;
            tx.prepare_cached("DELETE FROM search_signatures WHERE unit < ?1")?
                .execute([first + i64::try_from(NARROW).unwrap_or(0)])?;
        }
        Ok(id)
    }

    /// Gives late contents units once there are enough; `true` when nothing is left to do.
    fn index_late(&mut self, tx: &Transaction<'_>, text_of: TextOf, set_aside: &mut u64) -> Result<bool> {
        let late: Vec<Content> = tx
            .prepare_cached(
                "SELECT c.id, c.form, c.block, c.off, c.len FROM search_late l JOIN contents c ON c.id = l.content
                 WHERE l.unit IS NULL ORDER BY c.id LIMIT ?1",
            )?
            .query_map([LATE], Content::read)?
            .collect::<rusqlite::Result<_>>()?;
        if late.len() < LATE {
            return Ok(true);
        }
        let (mut unit, mut members) = (OpenUnit::new(), Vec::new());
        for content in late {
            let Some(text) = searchable(tx, &mut self.blocks, text_of, &content)? else {
                *set_aside += 1;
                // It is looked for no more until it is tried again.
                tx.prepare_cached("DELETE FROM search_late WHERE content = ?1")?.execute([content.id.0])?;
                continue;
            };
            quarantine::remove(tx, quarantine::Kind::Content, content.id.0)?;
            unit.add(&text);
            members.push(content.id);
            if unit.is_full() {
                break;
            }
        }
        let id = Self::close_unit(tx, unit, Contents::LATE, 0)?;
        for member in members {
            tx.prepare_cached("UPDATE search_late SET unit = ?2 WHERE content = ?1")?
                .execute((member.0, id))?;
        }
        Ok(false)
    }
}

/// One step of putting segments in order: merging narrow ones, removing what is merged or empty. `false` when there is
/// nothing to do.
fn tidy(tx: &Transaction<'_>) -> Result<bool> {
    if let Some(going) = Segment::all(tx, state::GOING)?.pop() {
        if going.remove_rows(tx, REMOVED)? {
            tx.prepare_cached("DELETE FROM search_segments WHERE id = ?1")?.execute([going.id])?;
        }
        return Ok(true);
    }
    let mut segments = Segment::all(tx, state::WHOLE)?;
    segments.reverse();
    let building = Segment::all(tx, state::BUILDING)?.pop();
    if let (Some(oldest), None) = (segments.first().copied(), building)
        && is_empty(tx, oldest)?
    {
        set_state(tx, oldest, state::GOING)?;
        tx.prepare_cached("DELETE FROM search_units WHERE id >= ?1 AND id < ?2")?
            .execute((oldest.first_unit, oldest.end()))?;
        return Ok(true);
    }
    let narrow: Vec<Segment> =
        segments.into_iter().filter(|segment| segment.width == NARROW).take(MERGED).collect();
    if narrow.len() < MERGED {
        return Ok(false);
    }
    let wide = match building {
        Some(wide) => wide,
        None => new_segment(tx, narrow[0].first_unit, WIDE, state::BUILDING)?,
    };
    let row: usize = tx
        .prepare_cached("SELECT rows FROM search_segments WHERE id = ?1")?
        .query_row([wide.id], |row| row.get(0))?;
    if row < narrow[0].rows() {
        wide.write_merged(tx, &narrow, row)?;
        tx.prepare_cached("UPDATE search_segments SET rows = ?2 WHERE id = ?1")?
            .execute((wide.id, row + 1))?;
    } else {
        set_state(tx, wide, state::WHOLE)?;
        narrow.iter().try_for_each(|part| set_state(tx, *part, state::GOING))?;
    }
    Ok(true)
}

/// A content's folded text; `None` when it went into quarantine instead.
fn searchable(
    tx: &Transaction<'_>,
    blocks: &mut Blocks,
    text_of: TextOf,
    content: &Content,
) -> Result<Option<String>> {
    let read = catch_panic(|| {
        let bytes = blocks.read(tx, content.location)?;
        let (form, purpose) = stored::form_and_purpose(content.id, content.form)?;
        Ok(folded(&text_of(form, purpose, &bytes)))
    });
    match read {
        Err(error) if error.is_permanent() => {
            quarantine::put(tx, quarantine::Kind::Content, content.id.0, &error)?;
            Ok(None)
        }
        read => read.map(Some),
    }
}

fn new_segment(tx: &Transaction<'_>, first_unit: i64, width: usize, state: i64) -> Result<Segment> {
    tx.prepare_cached("INSERT INTO search_segments (first_unit, width, state, rows) VALUES (?1, ?2, ?3, 0)")?
        .execute((first_unit, width, state))?;
    Ok(Segment { id: tx.last_insert_rowid(), first_unit, width })
}

fn set_state(tx: &Transaction<'_>, segment: Segment, state: i64) -> Result<()> {
    tx.prepare_cached("UPDATE search_segments SET state = ?2 WHERE id = ?1")?.execute((segment.id, state))?;
    Ok(())
}

/// Whether all contents of a segment's units are deleted.
fn is_empty(tx: &Transaction<'_>, segment: Segment) -> Result<bool> {
    let oldest: Option<i64> = tx
        .prepare_cached("SELECT min(id) FROM contents")?
        .query_row([], |row| row.get(0))
        .optional()?
        .flatten();
    let is_used: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM search_units u WHERE u.id >= ?1 AND u.id < ?2 AND (u.last >= ?3
                 OR EXISTS (SELECT 1 FROM search_late l WHERE l.unit = u.id)))",
        )?
        .query_row((segment.first_unit, segment.end(), oldest.unwrap_or(i64::MAX)), |row| row.get(0))?;
    Ok(!is_used)
}

fn newest_content(db: &Connection) -> Result<i64> {
    Ok(db.prepare_cached("SELECT coalesce(max(id), 0) FROM contents")?.query_row([], |row| row.get(0))?)
}
