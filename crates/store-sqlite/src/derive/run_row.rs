//! The summary of a run that a store keeps, from what the projection says. Pure.

use super::pricing::RunCosts;
use std::collections::BTreeSet;
use turnscope_model::{RunId, TraceGroupId};
use turnscope_project::{Projection, RecordFacts, RunView};
use turnscope_query::{Run, SpanLink, Waiting};

use crate::schema::sql_value::nanos;

/// The summary of run `index` of a projection.
pub(super) fn run_row(
    group: TraceGroupId,
    projection: &Projection,
    records: &[RecordFacts],
    index: usize,
    received_at: i64,
    costs: &RunCosts,
) -> Run {
    let run = &projection.runs[index];
    let start = nanos(run.start);
    let end = run.end.map(nanos);
    let last_seen = nanos(run.last_seen);
    Run {
        group,
        run_id: run.run_id,
        parent_run_id: run.parent.map(|parent| projection.runs[parent].run_id),
        root_run_id: projection.runs[root_of(projection, index)].run_id,
        trace_id: run.trace_id,
        trace_ids: trace_ids(projection, records, index),
        span_id: run.span_id,
        native_run_id: run.native_run_id.clone(),
        name: run.name.clone(),
        agent_name: run.agent_name.clone(),
        service_name: run.service_name.clone(),
        dialect: run.dialect.clone(),
        start,
        end,
        last_seen,
        duration: end.unwrap_or(last_seen).saturating_sub(start),
        received_at,
        failed: run.failed,
        waiting: run.waiting.as_ref().map(|asked| Waiting {
            since: asked.asked_at.map_or(last_seen, nanos),
            question: asked.question.clone(),
            who: asked.who.clone(),
            tool_name: asked.tool_name.clone(),
            tool_call_id: asked.tool_call_id.clone(),
        }),
        continued_by: None,
        turn_count: run.turns.len() as u64,
        llm_call_count: run.llm_call_count,
        tool_call_count: run.tool_call_count,
        error_count: run.error_count,
        usage: run.usage,
        costs: turnscope_model::Costs { reported: run.reported_cost, ..costs.all },
        models: run.models.clone(),
        providers: run.providers.clone(),
        tools: run.tools.clone(),
        tags: run.tags.clone(),
        metadata: run.metadata.clone(),
        risk_tiers: run.risk_tiers.clone(),
        session_id: run.session_id.clone(),
        user_id: run.user_id.clone(),
        user_role: run.user_role.clone(),
        trigger_type: run.trigger_type.clone(),
        verdicts: run.verdicts,
        error: run.error.clone(),
        input_preview: run.input_text.clone(),
        output_preview: run.output_text.clone(),
        prompt_id: run.prompt_id.clone(),
        prompt_version: run.prompt_version.clone(),
        experiment_id: run.experiment_id.clone(),
        experiment_variant: run.experiment_variant.clone(),
        span_links: span_links(run),
    }
}

fn root_of(projection: &Projection, index: usize) -> usize {
    let mut root = index;
    while let Some(parent) = projection.runs[root].parent {
        root = parent;
    }
    root
}

fn trace_ids(projection: &Projection, records: &[RecordFacts], index: usize) -> Vec<String> {
    if let Some(trace) = projection.runs[index].trace_id {
        return vec![trace.to_string()];
    }
    let own = projection.steps.iter().filter(|step| step.run == Some(index));
    let traces: BTreeSet<_> = own.filter_map(|step| records[step.record?].trace_id).collect();
    traces.iter().map(ToString::to_string).collect()
}

fn span_links(run: &RunView) -> Vec<SpanLink> {
    let link = |link: &turnscope_model::LinkFact| SpanLink {
        span: RunId::of_span(link.trace_id, link.span_id).to_string(),
        why: link.why.clone(),
    };
    run.links.iter().map(link).collect()
}
