//! A trace group as it is read: its records, and what the projection makes of them.

use crate::{Projection, RecordFacts};
use turnscope_model::{RecordId, RunId, StepId};

/// The records of a trace group with the runs, turns and steps they make.
#[derive(Debug)]
pub struct TraceGroup {
    /// The records.
    pub records: Vec<RecordFacts>,
    /// What they make. Record indices in it point into `records`.
    pub projection: Projection,
}

impl TraceGroup {
    /// The index of the run with this id.
    pub fn run_index(&self, id: RunId) -> Option<usize> {
        self.projection.runs.iter().position(|run| run.run_id == id)
    }

    /// The run that a record's step belongs to.
    pub fn run_of_record(&self, id: RecordId) -> Option<usize> {
        let record = self.records.iter().position(|record| record.id == id)?;
        self.step_of_record(record).and_then(|step| self.projection.steps[step].run)
    }

    /// The step that a record belongs to.
    pub fn step_of_record(&self, record: usize) -> Option<usize> {
        let steps = &self.projection.steps;
        steps
            .iter()
            .position(|step| step.record == Some(record))
            .or_else(|| steps.iter().position(|step| step.joined.contains(&record)))
    }

    /// The step with this id within a run, or anywhere in the group for steps above the run.
    pub fn step_index(&self, run: usize, id: &StepId) -> Option<usize> {
        let steps = &self.projection.steps;
        steps
            .iter()
            .position(|step| step.run == Some(run) && step.step_id == *id)
            .or_else(|| steps.iter().position(|step| step.step_id == *id))
    }

    /// Whether `run` is `ancestor` or lies below it.
    pub fn is_within(&self, mut run: usize, ancestor: usize) -> bool {
        loop {
            if run == ancestor {
                return true;
            }
            match self.projection.runs[run].parent {
                Some(parent) => run = parent,
                None => return false,
            }
        }
    }

    /// The records of a step: its own first, then those that joined it.
    pub fn records_of_step(&self, step: usize) -> impl Iterator<Item = &RecordFacts> {
        let step = &self.projection.steps[step];
        step.record.iter().chain(&step.joined).map(|record| &self.records[*record])
    }
}
