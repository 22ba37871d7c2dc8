//! Search in content: messages, tool arguments and results, errors.

use super::{Reader, filter::match_expression};
use crate::{StoreError, content, intern::SEARCHED, projector::group_of};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};
use turnscope_model::{ContentHash, Form, Purpose, RunId, StepId};

/// Places shown per content: the same question may stand in thousands of runs.
const PLACES: usize = 20;

/// One content that holds what was searched for.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Only to go on from: hits come by this, descending.
    pub id: i64,
    /// The content's hash, a message's `id`.
    pub hash: ContentHash,
    /// How it is written.
    pub form: Form,
    /// What it was first met as.
    pub purpose: Purpose,
    /// The content.
    pub bytes: Vec<u8>,
    /// Where runs met it first.
    pub places: Vec<Place>,
}

/// Where a run met a content for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The run.
    pub run_id: RunId,
    /// The run's name.
    pub run_name: String,
    /// The turn within the run.
    pub turn: Option<u64>,
    /// The step.
    pub step_id: StepId,
    /// Its name.
    pub step_name: String,
    /// When the step began, nanoseconds.
    pub start: u64,
}

impl Reader {
    /// The newest contents that hold all of these words and phrases, before content `before`.
    pub fn search(
        &mut self,
        texts: &[String],
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<Hit>, StoreError> {
        let Some(expression) = match_expression(texts) else { return Ok(Vec::new()) };
        let found: Vec<(i64, u32)> = self
            .db
            .prepare_cached(
                "SELECT s.rowid, c.form FROM search s JOIN contents c ON c.id = s.rowid
                 WHERE search MATCH ?1 AND s.rowid < ?2 ORDER BY s.rowid DESC LIMIT ?3",
            )?
            .query_map((expression, before.unwrap_or(i64::MAX), limit), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut units = HashMap::new();
        let mut hits = Vec::with_capacity(found.len());
        for (id, form) in found {
            let (hash, bytes) = content::content(&self.db, &mut self.blocks, id)?;
            let (Some(shape), Some(purpose)) =
                (Form::from_u8((form & 15) as u8), Purpose::from_u8(((form & !(SEARCHED | 15)) >> 5) as u8))
            else {
                return Err(StoreError::Damaged(format!("content {id} has form {form}")));
            };
            let places = self.places(id, &mut units)?;
            hits.push(Hit { id, hash, form: shape, purpose, bytes, places });
        }
        Ok(hits)
    }

    fn places(
        &mut self,
        content: i64,
        units: &mut HashMap<i64, Arc<super::UnitView>>,
    ) -> Result<Vec<Place>, StoreError> {
        let uses: Vec<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT c.id, c.unit FROM records c
                 WHERE c.unit IS NOT NULL AND c.id IN
                     (SELECT record FROM uses WHERE content = ?1 UNION ALL SELECT record FROM contents WHERE id = ?1)
                 ORDER BY c.id DESC LIMIT ?2",
            )?
            .query_map((content, PLACES), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut places: Vec<Place> = Vec::new();
        for (record, unit) in uses {
            let main = group_of(&self.db, unit)?[0];
            let view = match units.entry(main) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.unit(main)?),
            };
            let Some(node) = view.nodes.iter().position(|node| node.row == record) else { continue };
            let Some(step) = view.step_of_node(node).map(|step| &view.projection.steps[step]) else {
                continue;
            };
            let Some(run) = step.run.map(|run| &view.projection.runs[run]) else { continue };
            places.push(Place {
                run_id: run.run_id,
                run_name: run.name.clone(),
                turn: step.turn,
                step_id: step.step_id.clone(),
                step_name: step.name.clone(),
                start: step.start,
            });
        }
        // Within a run the place where it was met first says it all.
        places.sort_by_key(|place| (place.run_id, place.start));
        places.dedup_by_key(|place| place.run_id);
        places.sort_by_key(|place| std::cmp::Reverse(place.start));
        Ok(places)
    }
}
