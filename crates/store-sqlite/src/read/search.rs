//! Search in content: messages, tool arguments and results, errors.

use super::{SqliteReader, content, filter_sql::match_expression, runs::Position};
use crate::{error::Result, groups::leader, schema::stored};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};
use turnscope_model::{ContentId, RecordId, TraceGroupId};
use turnscope_project::TraceGroup;
use turnscope_query::{Hit, Occurrence, Phrase, SearchCursor, SearchPage};

/// The name of the list of what was found, for cursors.
const LIST: &str = "search";
/// Occurrences shown per content: the same question may stand in thousands of runs.
const OCCURRENCES: usize = 20;

impl SqliteReader<'_> {
    /// The newest contents that hold all of these words and phrases.
    pub(super) fn search_page(
        &mut self,
        phrases: &[Phrase],
        limit: u32,
        after: Option<&SearchCursor>,
    ) -> Result<SearchPage> {
        let expression = match_expression(phrases);
        let before = match after {
            None => i64::MAX,
            Some(cursor) => Position::parse(cursor.as_str(), LIST)?.row,
        };
        let found: Vec<(ContentId, u32)> = self
            .db()?
            .prepare_cached(
                "SELECT s.rowid, c.form FROM search s JOIN contents c ON c.id = s.rowid
                 WHERE search MATCH ?1 AND s.rowid < ?2 ORDER BY s.rowid DESC LIMIT ?3",
            )?
            .query_map((expression, before, limit), |row| Ok((ContentId(row.get(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let next = found.last().filter(|_| found.len() == limit as usize);
        let next = next.map(|(id, _)| SearchCursor::new(Position { value: 0, row: id.0 }.text(LIST)));
        let mut groups = HashMap::new();
        let mut hits = Vec::with_capacity(found.len());
        for (id, form) in found {
            match self.hit(id, form, &mut groups) {
                Ok(hit) => hits.push(hit),
                // What cannot be read is no hit; the damage is noted.
                Err(error) if error.is_damage() => {
                    self.readers().damage().note(format!("content {id}"), error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(SearchPage { hits, next })
    }

    fn hit(
        &mut self,
        id: ContentId,
        form: u32,
        groups: &mut HashMap<TraceGroupId, Arc<TraceGroup>>,
    ) -> Result<Hit> {
        let open = self.open()?;
        let (hash, bytes) = content(&open.db, &mut open.blocks, id)?;
        let (form, purpose) = stored::form_and_purpose(id, form)?;
        let occurrences = self.occurrences(id, groups)?;
        Ok(Hit { hash, form, purpose, bytes, occurrences })
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
