//! Which contents may hold what is searched for, newest first.

use super::{
    signature::{has_all, probes},
    slices::{Segment, state},
};
use crate::{blocks::Location, error::Result, schema::stored};
use rusqlite::{Connection, Row};
use std::collections::VecDeque;
use turnscope_model::ContentId;
use turnscope_query::TextQuery;

/// Contents read from the database at once.
const BATCH: usize = 256;

/// Where a content stands in the order of a search: its unit, then its number. What is in no unit yet comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) unit: i64,
    pub(crate) content: i64,
}

impl Place {
    /// Before everything.
    pub(crate) const FIRST: Self = Self { unit: i64::MAX, content: i64::MAX };
}

/// A content to be looked at.
pub(crate) struct Candidate {
    pub(crate) place: Place,
    pub(crate) id: ContentId,
    pub(crate) form: u32,
    pub(crate) location: Location,
}

/// Goes through the contents that may hold all phrases.
pub(crate) struct Candidates {
    /// For each phrase, the bits that a signature must have.
    probes: Vec<Vec<u16>>,
    /// Everything from here on has been given.
    after: Place,
    /// Of contents in no unit, those up to here are given with their units.
    watermark: i64,
    /// Contents from here on were given by the page before, or came since. They may have got a unit in between.
    end: i64,
    segments: VecDeque<Segment>,
    /// Units that may hold all phrases, the newest last.
    units: Vec<i64>,
    stage: Stage,
    ready: VecDeque<Candidate>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    InNoUnit,
    Signatures,
    Segments,
}

impl Candidates {
    /// The candidates behind a place.
    pub(crate) fn new(db: &Connection, query: &TextQuery, after: Place) -> Result<Self> {
        Ok(Self {
            probes: query.needles().map(probes).collect(),
            after,
            watermark: super::watermark(db)?,
            end: if after.unit == i64::MAX { after.content } else { i64::MAX },
            segments: Segment::all(db, state::WHOLE)?.into(),
            units: Vec::new(),
            stage: if after.unit == i64::MAX { Stage::InNoUnit } else { Stage::Signatures },
            ready: VecDeque::new(),
        })
    }

    /// The next candidate.
    pub(crate) fn next(&mut self, db: &Connection) -> Result<Option<Candidate>> {
        loop {
            if let Some(candidate) = self.ready.pop_front() {
                // Pieces of one content have units that follow one another, and the same place.
                if candidate.place < self.after && candidate.id.0 < self.end {
                    self.after = candidate.place;
                    return Ok(Some(candidate));
                }
                continue;
            }
            if let Some(unit) = self.units.pop() {
                self.ready = contents_of_unit(db, unit)?;
                continue;
            }
            match self.stage {
                Stage::InNoUnit => {
                    self.ready = self.in_no_unit(db)?;
                    if self.ready.is_empty() {
                        self.stage = Stage::Signatures;
                    }
                }
                Stage::Signatures => {
                    self.units = self.by_signature(db)?;
                    self.stage = Stage::Segments;
                }
                Stage::Segments => match self.segments.pop_front() {
                    Some(segment) if segment.first_unit > self.after.unit => {}
                    Some(segment) => self.units = self.of_segment(db, segment)?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// Contents that have no signature.
    fn in_no_unit(&self, db: &Connection) -> Result<VecDeque<Candidate>> {
        let before = self.after.content;
        let sql = format!(
            "SELECT * FROM (SELECT c.id, c.form, c.block, c.off, c.len FROM contents c
                 WHERE c.id > ?1 AND c.id < ?2 AND c.form & {searched} AND NOT EXISTS (SELECT 1 FROM search_late l WHERE l.content = c.id)
                 ORDER BY c.id DESC LIMIT ?3)
             UNION ALL SELECT * FROM (SELECT c.id, c.form, c.block, c.off, c.len FROM search_late l JOIN contents c ON c.id = l.content
                 WHERE l.unit IS NULL AND c.id < ?2 ORDER BY c.id DESC LIMIT ?3)
             ORDER BY 1 DESC LIMIT ?3",
            searched = stored::SEARCHED
        );
        let mut statement = db.prepare_cached(&sql)?;
        let found = statement.query_map((self.watermark, before, BATCH), |row| candidate(row, i64::MAX))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn by_signature(&self, db: &Connection) -> Result<Vec<i64>> {
        let mut statement = db.prepare_cached(
            "SELECT s.unit, s.bits, u.part > 0 OR EXISTS (SELECT 1 FROM search_units n WHERE n.id = u.id + 1 AND n.part > 0)
             FROM search_signatures s JOIN search_units u ON u.id = s.unit WHERE s.unit <= ?1 ORDER BY s.unit",
        )?;
        let mut rows = statement.query([self.after.unit])?;
        let mut units = Vec::new();
        while let Some(row) = rows.next()? {
            let bits = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let is_piece: bool = row.get(2)?;
            let mut each = self.probes.iter().map(|probes| has_all(bits, probes));
            // Another piece of the same content may hold the other phrases.
            if if is_piece { each.any(|has| has) } else { each.all(|has| has) } {
                units.push(row.get(0)?);
            }
        }
        Ok(units)
    }

    fn of_segment(&self, db: &Connection, segment: Segment) -> Result<Vec<i64>> {
        let each = self
            .probes
            .iter()
            .map(|probes| segment.units_with_all(db, probes))
            .collect::<Result<Vec<_>>>()?;
        let words = segment.width / 64;
        let joined = |join: fn(u64, u64) -> u64, start: u64| -> Vec<u64> {
            (0..words).map(|word| each.iter().fold(start, |bits, units| join(bits, units[word]))).collect()
        };
        let mut found = joined(|a, b| a & b, u64::MAX);
        if each.len() > 1 {
            let any = joined(|a, b| a | b, 0);
            for unit in pieces_in(db, segment)? {
                found[unit / 64] |= any[unit / 64] & 1 << (unit % 64);
            }
        }
        let units = (0..segment.width)
            .filter(|unit| found[unit / 64] >> (unit % 64) & 1 == 1)
            .filter_map(|unit| Some(segment.first_unit + i64::try_from(unit).ok()?))
            .filter(|unit| *unit <= self.after.unit);
        Ok(units.collect())
    }
}

/// The units of a segment, from 0, that hold pieces of large contents.
fn pieces_in(db: &Connection, segment: Segment) -> Result<Vec<usize>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM search_units WHERE part > 0 AND id > ?1 AND id <= ?2")?;
    let ids = statement.query_map((segment.first_unit, segment.end()), |row| row.get::<_, i64>(0))?;
    let mut units = Vec::new();
    for id in ids {
        // The piece before it belongs to the same content.
        let unit = usize::try_from(id? - segment.first_unit).unwrap_or(usize::MAX);
        units.extend([unit - 1, unit].into_iter().filter(|unit| *unit < segment.width));
    }
    Ok(units)
}

/// The contents of a unit that are searched, newest first.
fn contents_of_unit(db: &Connection, unit: i64) -> Result<VecDeque<Candidate>> {
    let (first, last, part): (i64, i64, i64) = db
        .prepare_cached("SELECT first, last, part FROM search_units WHERE id = ?1")?
        .query_row([unit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let sql = format!(
        "SELECT c.id, c.form, c.block, c.off, c.len FROM contents c
         WHERE c.id BETWEEN ?1 AND ?2 AND c.form & {searched} AND NOT EXISTS (SELECT 1 FROM search_late l WHERE l.content = c.id)
         UNION ALL
         SELECT c.id, c.form, c.block, c.off, c.len FROM search_late l JOIN contents c ON c.id = l.content WHERE l.unit = ?3
         ORDER BY 1 DESC",
        searched = stored::SEARCHED
    );
    let mut statement = db.prepare_cached(&sql)?;
    // A content in pieces stands where its first piece does.
    let found = statement.query_map((first, last, unit), |row| candidate(row, unit - part))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn candidate(row: &Row<'_>, unit: i64) -> rusqlite::Result<Candidate> {
    let id: i64 = row.get(0)?;
    Ok(Candidate {
        place: Place { unit, content: id },
        id: ContentId(id),
        form: row.get(1)?,
        location: Location::from_row(row, 2)?,
    })
}
