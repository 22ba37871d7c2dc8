//! Steps: the narrow row that lists and trees show.

use crate::{
    AnswerError, Result, cost, verdict,
    wire::{at_ms, error_info, ms_between, offset_ms, usage, usd},
};
use turnscope_api::Step;
use turnscope_insight::cost::PriceList;
use turnscope_model::{Facts, Role, StepId};
use turnscope_project::TraceGroup;

/// One step without content; offsets count from `zero`, nanoseconds since the epoch.
pub(crate) fn step(group: &TraceGroup, prices: &PriceList, index: usize, zero: u64) -> Step {
    let step = &group.projection.steps[index];
    let record = step.record.map(|record| &group.records[record]);
    let facts = || group.records_of_step(index).map(|record| &*record.facts);
    let first = |of: fn(&Facts) -> Option<&String>| facts().find_map(of).cloned();
    let span = record.filter(|record| matches!(record.role, Role::Span | Role::Open));
    Step {
        step_id: step.step_id.to_string(),
        span_id: span.and_then(|record| record.span_id).map(|id| id.to_string()),
        trace_id: record.and_then(|record| record.trace_id).map(|id| id.to_string()),
        parent_step_id: step.parent.map(|parent| group.projection.steps[parent].step_id.to_string()),
        run_id: step.run.map(|run| group.projection.runs[run].run_id.to_string()),
        turn: step.turn,
        kind: step.kind.as_str().to_owned(),
        name: step.name.clone(),
        status: step.status.as_str().to_owned(),
        started_at: at_ms(step.start),
        start_offset_ms: offset_ms(step.start, zero),
        duration_ms: step.end.map(|end| ms_between(step.start, end)),
        depth: step.depth,
        agent_name: first(|facts| facts.agent_name.as_ref()),
        model: first(|facts| facts.request_model.as_ref())
            .or_else(|| first(|facts| facts.response_model.as_ref())),
        provider: first(|facts| facts.provider.as_ref()),
        tool_name: step.tool_name.clone(),
        tool_call_id: step.tool_call_id.clone(),
        verdict: step.verdict.map(|said| verdict::verdict_info(group, index, said)),
        usage: usage(&step.usage),
        cost_usd: match cost::of_step(step, prices) {
            Some(costs) => costs.cost,
            None => facts().find_map(|facts| facts.reported_cost),
        }
        .map(usd),
        counted: step.counted,
        usage_is_sum: step.usage_is_sum,
        error: step.error.as_ref().map(error_info),
        implausible_count: facts().any(|facts| facts.implausible_count),
        contents_deleted: facts().any(|facts| facts.contents_deleted),
        has_data: step.record.is_some() || step.requested_by.is_some(),
        outer: step.outer,
        service_name: record.map(|record| record.service_name.to_string()).filter(|name| !name.is_empty()),
        dialect: record.map(|record| record.facts.dialect.clone()).filter(|name| !name.is_empty()),
        data: None,
    }
}

/// The step that a client asked for.
pub(crate) fn find(group: &TraceGroup, run: usize, id: &str) -> Result<usize> {
    group.step_index(run, &StepId::from_client(id)).ok_or_else(|| {
        AnswerError::not_found(
            format!("the run has no step {id}"),
            "GET /v1/runs/{id}/timeline lists its steps",
        )
    })
}
