//! Looks through the texts that may hold what is searched for.

use super::SqliteReader;
use crate::{
    error::{Result, StoreError},
    isolate::catch_panic,
    schema::stored,
    text::{Candidate, Candidates, Place, RawCheck},
};
use std::collections::BTreeSet;
use turnscope_model::{ContentId, Purpose, TraceGroupId};
use turnscope_query::{Phrase, TextQuery, folded};
use turnscope_store::TextOf;

/// Contents at most that a filter by text goes by. Each stands for at least one run.
const FILTERED: usize = 100_000;
/// What a text that is passed over unread counts for, in bytes: finding its row is work too.
const PASSED_OVER: u64 = 128;
/// Bytes of content looked through at most for a filter by text.
const FILTER_BYTES: u64 = 2 << 30;

/// A search that is under way.
pub(super) struct TextScan {
    query: TextQuery,
    raw: RawCheck,
    text_of: TextOf,
    candidates: Candidates,
    /// Only texts that were first met as one of these; empty: as anything.
    purposes: Vec<Purpose>,
    /// Bytes of content read so far.
    pub(super) bytes: u64,
    /// The last place that was looked at.
    pub(super) place: Place,
}

/// What a scan came to.
pub(super) enum Scanned {
    /// A content that holds all phrases.
    Match(Candidate),
    /// As many bytes were read as it may.
    Paused,
    /// Nothing is left.
    End,
}

impl SqliteReader<'_> {
    /// Begins a search behind a place.
    pub(super) fn text_scan(
        &mut self,
        phrases: &[Phrase],
        purposes: &[Purpose],
        after: Place,
    ) -> Result<TextScan> {
        let text_of = self.readers().text_of.ok_or(StoreError::SearchOff)?;
        let query = TextQuery::new(phrases);
        Ok(TextScan {
            raw: RawCheck::new(&query),
            candidates: Candidates::new(self.db()?, &query, after)?,
            purposes: purposes.to_vec(),
            query,
            text_of,
            bytes: 0,
            place: after,
        })
    }

    /// The next content that holds all phrases, reading up to `bytes` in all.
    pub(super) fn next_match(&mut self, scan: &mut TextScan, bytes: u64) -> Result<Scanned> {
        loop {
            if scan.bytes >= bytes {
                return Ok(Scanned::Paused);
            }
            let open = self.open()?;
            let Some(candidate) = scan.candidates.next(&open.db)? else { return Ok(Scanned::End) };
            scan.place = candidate.place;
            if !scan.is_wanted(&candidate) {
                scan.bytes += PASSED_OVER;
                continue;
            }
            scan.bytes += u64::from(candidate.location.len);
            match catch_panic(|| scan.is_match(&open.db, &mut open.blocks, &candidate)) {
                Ok(true) => return Ok(Scanned::Match(candidate)),
                Ok(false) => {}
                // What cannot be read is no hit; the damage is noted.
                Err(error) if error.is_permanent() => {
                    self.readers().damage().note(format!("content {}", candidate.id), error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The trace groups in which a content holds all phrases, by the group that each is projected with.
    pub(super) fn groups_with_text(&mut self, phrases: &[Phrase]) -> Result<BTreeSet<TraceGroupId>> {
        let mut scan = self.text_scan(phrases, &[], Place::FIRST)?;
        let mut groups = BTreeSet::new();
        for _ in 0..FILTERED {
            match self.next_match(&mut scan, FILTER_BYTES)? {
                Scanned::Match(candidate) => groups.extend(self.groups_of(candidate.id)?),
                Scanned::End => return Ok(groups),
                Scanned::Paused => break,
            }
        }
        Err(StoreError::TooBroad.into())
    }

    /// The trace groups that met a content.
    fn groups_of(&mut self, content: ContentId) -> Result<Vec<TraceGroupId>> {
        let mut statement = self.db()?.prepare_cached(
            "SELECT coalesce(g.leader, g.id) FROM
                 (SELECT record FROM contents WHERE id = ?1 UNION ALL SELECT record FROM uses WHERE content = ?1) met
             JOIN records c ON c.id = met.record JOIN trace_groups g ON g.id = c.trace_group",
        )?;
        let groups = statement.query_map([content.0], |row| Ok(TraceGroupId(row.get(0)?)))?;
        Ok(groups.collect::<rusqlite::Result<_>>()?)
    }
}

impl TextScan {
    /// Whether it was met as what is asked for, which its row says.
    fn is_wanted(&self, candidate: &Candidate) -> bool {
        // A damaged form is for the reader of the text to note.
        self.purposes.is_empty()
            || stored::form_and_purpose(candidate.id, candidate.form)
                .map_or(true, |(_, purpose)| self.purposes.contains(&purpose))
    }

    fn is_match(
        &self,
        db: &rusqlite::Connection,
        blocks: &mut crate::blocks::Blocks,
        candidate: &Candidate,
    ) -> Result<bool> {
        let bytes = blocks.read(db, candidate.location)?;
        let (form, purpose) = stored::form_and_purpose(candidate.id, candidate.form)?;
        Ok(!self.raw.rules_out(form, &bytes)
            && self.query.holds(&folded(&(self.text_of)(form, purpose, &bytes))))
    }
}
