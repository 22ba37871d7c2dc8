//! One unit whole: its records, and what the projection makes of them. Read without any body.

use super::Reader;
use crate::{
    StoreError, content, nodes,
    project::{Node, Projection},
    projector::{group_of, project_group},
};
use std::sync::Arc;
use turnscope_model::{Body, Form, Purpose, RunId, StepId};

/// A unit's records and the runs, turns and steps they make.
#[derive(Debug)]
pub struct UnitView {
    /// The records.
    pub nodes: Vec<Node>,
    /// What they make; indices in it point into `nodes`.
    pub projection: Projection,
}

impl UnitView {
    /// The run of this id.
    pub fn run_index(&self, id: RunId) -> Option<usize> {
        self.projection.runs.iter().position(|run| run.run_id == id)
    }

    /// The run that a record's step belongs to.
    pub fn run_of_row(&self, row: i64) -> Option<usize> {
        let node = self.nodes.iter().position(|node| node.row == row)?;
        self.step_of_node(node).and_then(|step| self.projection.steps[step].run)
    }

    /// The step that a record belongs to.
    pub fn step_of_node(&self, node: usize) -> Option<usize> {
        let steps = &self.projection.steps;
        steps
            .iter()
            .position(|step| step.node == Some(node))
            .or_else(|| steps.iter().position(|step| step.joined.contains(&node)))
    }

    /// The step of this id within a run (or anywhere in the unit, for steps above it).
    pub fn step_index(&self, run: usize, id: &StepId) -> Option<usize> {
        let steps = &self.projection.steps;
        steps
            .iter()
            .position(|step| step.run == Some(run) && step.step_id == *id)
            .or_else(|| steps.iter().position(|step| step.step_id == *id))
    }

    /// Whether `run` is `above` or lies somewhere below it.
    pub fn is_within(&self, mut run: usize, above: usize) -> bool {
        loop {
            if run == above {
                return true;
            }
            match self.projection.runs[run].parent {
                Some(parent) => run = parent,
                None => return false,
            }
        }
    }
}

/// One list of messages that a record carries, as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The store's number of the record.
    pub row: i64,
    /// What the list is for.
    pub purpose: Purpose,
    /// The contents' ids, only to be compared.
    pub ids: Vec<i64>,
}

impl Reader {
    /// The unit whose main number this is.
    pub(crate) fn unit(&mut self, unit: i64) -> Result<Arc<UnitView>, StoreError> {
        let group = group_of(&self.db, unit)?;
        let (db, blocks) = (&self.db, &mut self.blocks);
        self.views.get(db, &group, || {
            let nodes = nodes::load(db, blocks, &group)?;
            let projection = project_group(db, &group, &nodes)?;
            Ok(UnitView { nodes, projection })
        })
    }

    /// The unit that a run lies in.
    pub fn unit_of_run(&mut self, run: &super::Run) -> Result<Arc<UnitView>, StoreError> {
        self.unit(run.unit)
    }

    /// The row of the span that a run is rooted in; `None` for an assembled run.
    pub fn root_row(&mut self, run: &super::Run) -> Result<Option<i64>, StoreError> {
        let (Some(trace), Some(span)) = (run.trace_id, run.span_id) else { return Ok(None) };
        Ok(self.span_record(trace, span)?.map(|(_, row)| row))
    }

    /// Everything that a record was sent with.
    pub fn body(&mut self, row: i64) -> Result<Body, StoreError> {
        content::body(&self.db, &mut self.blocks, &mut self.lists, row)
    }

    /// The encoded resource and scope of a record.
    pub fn origin(&mut self, row: i64) -> Result<Vec<u8>, StoreError> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT o.bytes FROM records r JOIN origins o ON o.id = r.origin WHERE r.id = ?1",
            )?
            .query_row([row], |row| row.get(0))?)
    }

    /// One item of a list: its form, and its content as it was sent.
    pub fn item(&mut self, id: i64) -> Result<(Form, Vec<u8>), StoreError> {
        let form: u8 = self
            .db
            .prepare_cached("SELECT form & 15 FROM contents WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let form = Form::from_u8(form).ok_or_else(|| StoreError::Damaged(format!("content {id}")))?;
        Ok((form, content::content(&self.db, &mut self.blocks, id)?.1))
    }

    /// The lists that these records carry, in the given order.
    pub fn lists(&mut self, rows: &[i64]) -> Result<Vec<List>, StoreError> {
        let mut out = Vec::new();
        for &row in rows {
            let holes: Vec<(u32, u8)> = self
                .db
                .prepare_cached("SELECT hole, purpose FROM contexts WHERE record = ?1 ORDER BY hole")?
                .query_map([row], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (hole, purpose) in holes {
                let ids = self.lists.read(&self.db, row, hole)?;
                let purpose = Purpose::from_u8(purpose).unwrap_or(Purpose::Other);
                out.push(List { row, purpose, ids });
            }
        }
        Ok(out)
    }
}
