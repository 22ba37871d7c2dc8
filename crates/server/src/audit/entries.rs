//! What the trail is told of a run: pure functions of what the store knows.

use turnscope_answers::verdict_info;
use turnscope_audit::{Decision, Entry, RunEntry};
use turnscope_model::{Kind, RunStatus, Verdict};
use turnscope_project::{StepView, TraceGroup};
use turnscope_query::{Moment, Run};

/// The record of the run, once it has ended or was given up, and those of its decisions; each with its origin.
pub(super) fn entries(run: &Run, group: Option<&TraceGroup>, moment: Moment) -> Vec<(String, Entry)> {
    let mut told: Vec<(String, Entry)> =
        group.map(|group| decisions(run, group)).unwrap_or_default().into_iter().collect();
    let (status, reason) = run.status(moment.now_ms, moment.inactivity_ms);
    if !matches!(status, RunStatus::Running | RunStatus::Waiting) {
        told.push((origin(run, moment), Entry::Run(run_entry(run, status, reason))));
    }
    told
}

/// What names the record of a run. One that was given up and ends after all is told of again.
pub(super) fn origin(run: &Run, moment: Moment) -> String {
    match run.status(moment.now_ms, moment.inactivity_ms).0 {
        RunStatus::Incomplete => format!("{}:incomplete", run.run_id),
        _ => run.run_id.to_string(),
    }
}

fn run_entry(run: &Run, status: RunStatus, reason: Option<String>) -> RunEntry {
    let error = run.error.as_ref().map(|error| match error.message.as_deref() {
        None | Some("") => error.r#type.clone(),
        Some(message) => format!("{}: {message}", error.r#type),
    });
    let tokens = |tokens: Option<u64>| tokens.and_then(|tokens| i64::try_from(tokens).ok());
    let end = run.end.unwrap_or_else(|| run.start.saturating_add(run.duration));
    RunEntry {
        run_id: Some(run.run_id.to_string()),
        trace_id: run.trace_id.map(|id| id.to_string()),
        session_id: run.session_id.clone(),
        agent: run.agent_name.clone().or_else(|| Some(run.name.clone())),
        user_id: run.user_id.clone(),
        user_role: run.user_role.clone(),
        trigger_type: run.trigger_type.clone(),
        started_at: run.start / 1_000_000,
        ended_at: end / 1_000_000,
        prompt: run.input_preview.clone(),
        output: run.output_preview.clone(),
        model: (!run.models.is_empty()).then(|| run.models.join(", ")),
        input_tokens: tokens(run.usage.input_tokens),
        output_tokens: tokens(run.usage.output_tokens),
        success: status == RunStatus::Completed,
        error: if status == RunStatus::Completed {
            None
        } else {
            reason.map(|why| format!("incomplete: {why}")).or(error)
        },
    }
}

fn decisions(run: &Run, group: &TraceGroup) -> Vec<(String, Entry)> {
    let Some(index) = group.run_index(run.run_id) else { return Vec::new() };
    let steps = &group.projection.steps;
    let told = |(at, step): (usize, &StepView)| {
        let verdict = step.verdict.filter(|_| step.run == Some(index) && is_about_a_call(group, at))?;
        Some(decision(run, group, at, verdict))
    };
    steps.iter().enumerate().filter_map(told).collect()
}

/// A tool call that was judged, or a gate that is about no call. The gates of a call are told of with it.
fn is_about_a_call(group: &TraceGroup, at: usize) -> bool {
    let steps = &group.projection.steps;
    let step = &steps[at];
    if step.kind == Kind::Tool {
        return step.counted;
    }
    let names_a_tool = step.record.is_some_and(|record| group.records[record].facts.tool_name.is_some());
    let is_told_of = steps.iter().any(|tool| tool.gate == Some(at));
    let mut above = std::iter::successors(step.parent, |parent| steps[*parent].parent).map(|at| &steps[at]);
    !names_a_tool && !is_told_of && !above.any(|step| step.verdict.is_some())
}

fn decision(run: &Run, group: &TraceGroup, at: usize, verdict: Verdict) -> (String, Entry) {
    let steps = &group.projection.steps;
    let step = &steps[at];
    // The gate's span was there first, and stays whatever comes of the call.
    let told_by = step.gate.map_or(step, |gate| &steps[gate]);
    let record = told_by.record.map(|record| &group.records[record]);
    let said = verdict_info(group, at, verdict);
    let who = match record {
        Some(record) => match (record.trace_id, record.span_id) {
            (Some(trace), Some(span)) => format!("{trace}-{span}"),
            _ => format!("{}/{}", run.run_id, told_by.step_id),
        },
        None => format!("{}/{}", run.run_id, told_by.step_id),
    };
    let origin = match &said.resolution {
        Some(resolution) => format!("{who}:{}:{resolution}", said.verdict),
        None => format!("{who}:{}", said.verdict),
    };
    let decision = Decision {
        run_id: Some(run.run_id.to_string()),
        trace_id: record.and_then(|record| record.trace_id).map(|id| id.to_string()),
        span_id: record.and_then(|record| record.span_id).map(|id| id.to_string()),
        session_id: run.session_id.clone(),
        agent: run.agent_name.clone(),
        user_id: run.user_id.clone(),
        user_role: record.and_then(|record| record.facts.user_role.clone()).or_else(|| run.user_role.clone()),
        tool: step.tool_name.clone().or_else(|| Some(step.name.clone())),
        action: None,    // no telemetry that is read here tells it
        arguments: None, // the run has them, if contents are recorded
        verdict: said.verdict,
        resolution: said.resolution,
        decided_by: said.decided_by,
        reason: said.reason,
        risk_tier: said.risk_tier,
        policy_version: None,
        decided_at: i64::try_from(told_by.end.unwrap_or(told_by.start) / 1_000_000).unwrap_or(i64::MAX),
    };
    (origin, Entry::Decision(decision))
}
