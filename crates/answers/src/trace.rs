//! Traces of any kind, those that make no run too.

use crate::{
    AnswerError, Answers, Result, step,
    wire::{ms, wire_run},
};
use turnscope_api::{Trace, TraceDetail, Traces};
use turnscope_model::{RunId, TraceId};
use turnscope_query::TraceCursor;

impl Answers {
    /// Traces of any kind, newest first.
    pub fn traces(&self, after: Option<&TraceCursor>, limit: u32) -> Result<Traces> {
        let page = self.read(|reader| Ok(reader.traces(after, limit)?))?;
        let wire = |trace: turnscope_query::Trace| Trace {
            trace_id: trace.trace_id.to_string(),
            name: trace.name,
            service_name: trace.service_name,
            started_at: trace.start / 1_000_000,
            ended_at: trace.end / 1_000_000,
            duration_ms: ms(trace.end.saturating_sub(trace.start)),
            span_count: trace.span_count,
            has_runs: trace.has_runs,
        };
        Ok(Traces {
            traces: page.traces.into_iter().map(wire).collect(),
            next_cursor: page.next.map(String::from),
        })
    }

    /// One trace: the runs it makes, and every span once.
    pub fn trace(&self, trace: TraceId) -> Result<TraceDetail> {
        self.read(|reader| {
            let Some(group) = reader.group_of_trace(trace)? else {
                return Err(AnswerError::not_found(
                    format!("there is no trace {trace}"),
                    "GET /v1/traces lists the traces there are",
                ));
            };
            let group = reader.group(group)?;
            let projection = &group.projection;
            let is_within = |step: &turnscope_project::StepView| {
                step.record.is_some_and(|record| group.records[record].trace_id == Some(trace))
            };
            let within: Vec<usize> =
                (0..projection.steps.len()).filter(|step| is_within(&projection.steps[*step])).collect();
            let zero = within.iter().map(|step| projection.steps[*step].start).min().unwrap_or(0);
            let makes = |index: usize| within.iter().any(|step| projection.steps[*step].run == Some(index));
            let ids: Vec<RunId> = projection
                .runs
                .iter()
                .enumerate()
                .filter(|(index, _)| makes(*index))
                .map(|(_, run)| run.run_id)
                .collect();
            let mut runs = reader.runs_by_id(&ids)?;
            runs.sort_by_key(|run| ids.iter().position(|id| *id == run.run_id));
            Ok(TraceDetail {
                trace_id: trace.to_string(),
                runs: runs.iter().map(|run| wire_run(run, self.moment)).collect(),
                steps: within.iter().map(|step| step::step(&group, &self.prices, *step, zero)).collect(),
            })
        })
    }
}
