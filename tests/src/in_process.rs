//! From bodies to what is seen, in this process: decode, normalise, each record once, groups joined, project.
//!
//! What the store does with tables is done here with maps, so that the rules are tested without it.

use crate::{
    corpus::{Request, Signal},
    seen::{self, Seen, SeenCall, SeenRun, SeenTool, SeenTurn},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};
use turnscope_model::{GroupKey, Kind, Record, RecordId, Role, StepStatus, Verdict};
use turnscope_otlp::{decode, normalise, redact::Redactor};
use turnscope_project::{Projection, RecordFacts, StepView, join_keys, project, sought_key};

/// What these requests show, in the order in which they are given.
pub fn see(requests: &[Request]) -> Seen {
    see_groups(&groups(records(requests)))
}

/// What names a trace group, or each of those that were merged into it, and its records.
pub type Group = (Vec<GroupKey>, Vec<RecordFacts>);

/// What these trace groups show.
pub fn see_groups(groups: &[Group]) -> Seen {
    let mut all: Vec<Projection> = groups.iter().map(|(keys, records)| project(keys, records)).collect();
    all.sort_by_key(|made| made.runs.first().map(|run| (run.start, run.run_id)));
    let mut seen = Seen::default();
    for made in &all {
        let first = seen.runs.len();
        for (index, _) in made.runs.iter().enumerate() {
            let mut run = seen_run(made, index);
            run.parent = run.parent.map(|parent| parent + first);
            seen.runs.push(run);
        }
    }
    seen
}

/// Each record once: of a span the version with the latest end, of a log record one of equal bytes.
pub fn records(requests: &[Request]) -> Vec<Record> {
    let redactor = Redactor::off();
    let mut out: Vec<Record> = Vec::new();
    let mut spans: HashMap<_, usize> = HashMap::new();
    let mut logs = HashSet::new();
    for request in requests {
        let found = match request.signal {
            Signal::Traces => {
                let body = decode::traces(&request.body, request.format).expect(&request.file);
                normalise::traces(body, &redactor)
            }
            Signal::Logs => {
                let body = decode::logs(&request.body, request.format).expect(&request.file);
                normalise::logs(body, &redactor)
            }
            Signal::Metrics => continue,
        };
        assert_eq!(found.rejected, 0, "{}: {:?}", request.file, found.rejection);
        for record in found.records {
            if matches!(record.role, Role::Span | Role::Open) {
                let open = record.role == Role::Open;
                let known = spans.entry((record.trace_id, record.span_id, open)).or_insert(out.len());
                if *known == out.len() {
                    out.push(record);
                } else if record.end > out[*known].end {
                    out[*known] = record;
                }
                continue;
            }
            let values: Vec<Vec<u8>> =
                record.body.values.iter().map(turnscope_model::Value::joined).collect();
            if logs.insert((record.trace_id, record.start, record.body.bytes.clone(), values)) {
                out.push(record);
            }
        }
    }
    out
}

/// The records by trace group; groups that share a key are one.
pub fn groups(records: Vec<Record>) -> Vec<Group> {
    let mut index_of: BTreeMap<GroupKey, usize> = BTreeMap::new();
    let mut merged: Vec<usize> = Vec::new();
    let mut of_key: HashMap<String, usize> = HashMap::new();
    for record in records.iter().filter(|record| record.group != GroupKey::None) {
        let group = *index_of.entry(record.group).or_insert_with(|| {
            merged.push(merged.len());
            merged.len() - 1
        });
        for key in join_keys(record) {
            let other = *of_key.entry(key).or_insert(group);
            let (a, b) = (find(&merged, group), find(&merged, other));
            merged[a.max(b)] = a.min(b);
        }
    }
    for record in &records {
        let other = sought_key(record).and_then(|key| of_key.get(&key));
        if let (Some(&group), Some(&other)) = (index_of.get(&record.group), other) {
            let (a, b) = (find(&merged, group), find(&merged, other));
            merged[a.max(b)] = a.min(b);
        }
    }
    let mut found: BTreeMap<usize, Group> = BTreeMap::new();
    for (key, index) in &index_of {
        found.entry(find(&merged, *index)).or_default().0.push(*key);
    }
    for (row, record) in records.into_iter().enumerate() {
        if record.group == GroupKey::None {
            continue;
        }
        let group = find(&merged, index_of[&record.group]);
        found.entry(group).or_default().1.push(record_facts(row, record));
    }
    found.into_values().collect()
}

fn find(groups: &[usize], mut group: usize) -> usize {
    while groups[group] != group {
        group = groups[group];
    }
    group
}

fn record_facts(row: usize, record: Record) -> RecordFacts {
    RecordFacts {
        id: RecordId(row as i64),
        role: record.role,
        trace_id: record.trace_id,
        span_id: record.span_id,
        parent_span_id: record.parent_span_id,
        remote_parent: record.remote_parent,
        start: record.start,
        end: record.end,
        status: record.status,
        service_name: Arc::from(record.origin.service_name.as_str()),
        scope_name: Arc::from(record.origin.scope_name.as_str()),
        facts: Arc::new(record.facts),
    }
}

/// What a person decided about a tool call, as its own step says it.
fn resolution_of(step: &StepView) -> Option<String> {
    let decided = step.asked.as_ref().and_then(|asked| asked.resolution).or(step.facts.resolution);
    decided.map(|resolution| resolution.as_str().to_owned())
}

fn seen_run(made: &Projection, index: usize) -> SeenRun {
    let run = &made.runs[index];
    let own = || made.steps.iter().filter(move |step| step.run == Some(index) && step.counted);
    let failed = |status| status == StepStatus::Error;
    let names = |steps: &[usize]| steps.iter().map(|&i| made.steps[i].name.clone()).collect();
    let tools = |steps: &[usize]| {
        steps.iter().map(|&i| made.steps[i].tool_name.clone().unwrap_or_default()).collect()
    };
    SeenRun {
        run_id: run.run_id.to_string(),
        parent: run.parent,
        name: run.name.clone(),
        agent_name: run.agent_name.clone(),
        agents: made
            .steps
            .iter()
            .filter(|step| step.run == Some(index))
            .filter_map(|step| step.facts.agent_name.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        status: match (run.end, run.failed) {
            (None, _) => "running",
            (_, true) => "failed",
            _ if run.waiting.is_some() => "waiting",
            _ => "completed",
        }
        .to_owned(),
        turns: run
            .turns
            .iter()
            .map(|turn| SeenTurn { n: turn.n, llm: names(&turn.llm_steps), tools: tools(&turn.tool_steps) })
            .collect(),
        llm_call_count: run.llm_call_count,
        tool_call_count: run.tool_call_count,
        error_count: run.error_count,
        usage: run.usage,
        input_text: run.input_text.clone(),
        output_text: run.output_text.clone(),
        session_id: run.session_id.clone(),
        user_id: run.user_id.clone(),
        calls: own()
            .filter(|step| step.kind != Kind::Tool)
            .map(|step| SeenCall {
                model: step.facts.request_model.clone().or_else(|| step.facts.response_model.clone()),
                failed: failed(step.status),
                usage: step.usage,
            })
            .collect(),
        tools: own()
            .filter(|step| step.kind == Kind::Tool)
            .map(|step| SeenTool {
                name: step.tool_name.clone().unwrap_or_default(),
                failed: failed(step.status),
                has_record: step.record.is_some(),
                verdict: step.verdict.map(|verdict| verdict.as_str().to_owned()),
                resolution: resolution_of(step),
                ran: seen::ran(
                    step.status.as_str(),
                    step.verdict.map(Verdict::as_str),
                    resolution_of(step).as_deref(),
                ),
            })
            .collect(),
        asked: run.verdicts[2],
    }
}
