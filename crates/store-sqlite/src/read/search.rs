//! Search in content: messages, tool arguments and results, errors.

use super::{
    SqliteReader, content,
    filter_sql::Clause,
    find::json_ids,
    runs::Position,
    text_scan::{Scanned, TextScan},
};
use crate::{
    error::Result,
    groups::leader,
    schema::stored,
    text::{Candidate, Place},
};
use rusqlite::types::Value as Sql;
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};
use turnscope_model::{ContentId, RecordId, RunId, TraceGroupId};
use turnscope_project::TraceGroup;
use turnscope_query::{Hit, Matches, Moment, Occurrence, RunFilter, SearchCursor, SearchPage, SearchQuery};

/// The name of the list of what was found, for cursors.
const LIST: &str = "search";
/// Occurrences shown per content: the same question may stand in thousands of runs.
const OCCURRENCES: usize = 20;
/// Bytes of content looked through for one page at most.
const PAGE_BYTES: u64 = 256 << 20;
/// Bytes of content looked through at most to count matches, after the page.
const COUNT_BYTES: u64 = 64 << 20;
/// Matches are counted up to here.
const COUNTED: u64 = 200;

impl SqliteReader<'_> {
    /// One page of the newest contents that hold all words and phrases.
    pub(super) fn search_page(&mut self, query: &SearchQuery, moment: Moment) -> Result<SearchPage> {
        let after = match &query.after {
            None => Place::FIRST,
            Some(cursor) => {
                let position = Position::parse(cursor.as_str(), LIST)?;
                Place { unit: position.value, content: position.row }
            }
        };
        let is_filtered = query.filter != RunFilter::default();
        let clause = is_filtered.then(|| self.clause(&query.filter, moment)).transpose()?;
        let mut scan = self.text_scan(&query.phrases, &query.purposes, after)?;
        let (mut hits, mut counted, mut groups) = (Vec::new(), 0, HashMap::new());
        let next = loop {
            if hits.len() >= query.limit as usize {
                break Some(scan.place);
            }
            match self.next_match(&mut scan, PAGE_BYTES)? {
                Scanned::Match(candidate) => {
                    counted += 1;
                    hits.extend(self.hit(&candidate, clause.as_ref(), &mut groups)?);
                }
                Scanned::Paused => break Some(scan.place),
                Scanned::End => break None,
            }
        };
        let matches = match (&query.after, next) {
            (Some(_), _) => None,
            (None, None) => Some(Matches { count: counted, is_exact: true }),
            (None, Some(_)) => Some(self.count_on(&mut scan, counted)?),
        };
        let cursor =
            |place: Place| SearchCursor::new(Position { value: place.unit, row: place.content }.text(LIST));
        Ok(SearchPage { hits, next: next.map(cursor), matches })
    }

    /// Counts on from what a page has found.
    fn count_on(&mut self, scan: &mut TextScan, mut count: u64) -> Result<Matches> {
        let until = scan.bytes.saturating_add(COUNT_BYTES);
        while count < COUNTED {
            match self.next_match(scan, until)? {
                Scanned::Match(_) => count += 1,
                Scanned::Paused => break,
                Scanned::End => return Ok(Matches { count, is_exact: true }),
            }
        }
        Ok(Matches { count, is_exact: false })
    }

    /// A content that matches, with its occurrences; `None` when it occurs in no run that the clause asks for.
    fn hit(
        &mut self,
        found: &Candidate,
        clause: Option<&Clause>,
        groups: &mut HashMap<TraceGroupId, Arc<TraceGroup>>,
    ) -> Result<Option<Hit>> {
        let open = self.open()?;
        let (hash, bytes) = match content(&open.db, &mut open.blocks, found.id) {
            // What cannot be read is no hit; the damage is noted.
            Err(error) if error.is_damage() => {
                self.readers().damage().note(format!("content {}", found.id), error.to_string());
                return Ok(None);
            }
            read => read?,
        };
        let (form, purpose) = stored::form_and_purpose(found.id, found.form)?;
        let mut occurrences = self.occurrences(found.id, groups)?;
        if let Some(clause) = clause {
            let asked = self.asked_for(&occurrences, clause)?;
            occurrences.retain(|place| asked.contains(&place.run_id));
            if occurrences.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(Hit { hash, form, purpose, bytes, occurrences }))
    }

    /// Those runs of some occurrences that a clause asks for.
    fn asked_for(&mut self, occurrences: &[Occurrence], clause: &Clause) -> Result<HashSet<RunId>> {
        let ids: Vec<RunId> = occurrences.iter().map(|place| place.run_id).collect();
        let mut values = clause.values.clone();
        values.push(Sql::Text(json_ids(&ids)));
        let sql = format!(
            "SELECT r.run_id FROM runs r WHERE r.run_id IN (SELECT unhex(value) FROM json_each(?{})) AND {}",
            values.len(),
            clause.sql
        );
        let mut statement = self.db()?.prepare_cached(&sql)?;
        let rows =
            statement.query_map(rusqlite::params_from_iter(&values), |row| row.get::<_, Vec<u8>>(0))?;
        let mut asked = HashSet::new();
        for bytes in rows {
            asked.extend(RunId::from_bytes(&bytes?).ok());
        }
        Ok(asked)
    }

    fn occurrences(
        &mut self,
        content: ContentId,
        groups: &mut HashMap<TraceGroupId, Arc<TraceGroup>>,
    ) -> Result<Vec<Occurrence>> {
        let uses: Vec<(RecordId, TraceGroupId)> = self
            .db()?
            .prepare_cached(
                "SELECT c.id, c.trace_group FROM records c
                 WHERE c.trace_group IS NOT NULL AND c.id IN
                     (SELECT record FROM uses WHERE content = ?1 UNION ALL SELECT record FROM contents WHERE id = ?1)
                 ORDER BY c.id DESC LIMIT ?2",
            )?
            .query_map((content.0, OCCURRENCES), |row| Ok((RecordId(row.get(0)?), TraceGroupId(row.get(1)?))))?
            .collect::<rusqlite::Result<_>>()?;
        let mut found: Vec<Occurrence> = Vec::new();
        for (record, group) in uses {
            let leader = leader(self.db()?, group)?;
            let group = match groups.entry(leader) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => match self.load_group(leader) {
                    Ok(group) => entry.insert(group),
                    Err(error) if error.is_damage() => continue,
                    Err(error) => return Err(error),
                },
            };
            found.extend(occurrence(group, record));
        }
        // Within a run only the place where it was met first is shown.
        found.sort_by_key(|place| (place.run_id, place.start));
        found.dedup_by_key(|place| place.run_id);
        found.sort_by_key(|place| std::cmp::Reverse(place.start));
        Ok(found)
    }
}

fn occurrence(group: &TraceGroup, record: RecordId) -> Option<Occurrence> {
    let record = group.records.iter().position(|one| one.id == record)?;
    let step = &group.projection.steps[group.step_of_record(record)?];
    let run = &group.projection.runs[step.run?];
    Some(Occurrence {
        run_id: run.run_id,
        run_name: run.name.clone(),
        turn: step.turn,
        step_id: step.step_id.clone(),
        step_name: step.name.clone(),
        start: step.start,
    })
}
