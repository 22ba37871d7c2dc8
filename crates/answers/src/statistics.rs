//! Where a run's time, money and failures are.

use crate::{
    Answers, Result, cost,
    timeline::steps_of,
    wire::{error_info, ms_between, usd},
};
use std::collections::{BTreeMap, HashMap};
use turnscope_api::{DearTurn, FailedStep, RunStatistics, SlowStep, StepGroup, TimeSplit};
use turnscope_insight::{
    cost::PriceList,
    time::{Activity, Span, self_times, split},
};
use turnscope_model::{Costs, Kind, Verdict};
use turnscope_project::{StepView, TraceGroup};

impl Answers {
    /// Where a run's time, money and failures are, with its child runs.
    pub fn statistics(&self, run: &str) -> Result<RunStatistics> {
        self.about_run(run, |_, found| Ok(statistics(&found.group, &self.prices, found.index)))
    }
}

fn statistics(group: &TraceGroup, prices: &PriceList, run: usize) -> RunStatistics {
    let view = &group.projection.runs[run];
    let within: Vec<usize> = steps_of(group, run, true)
        .into_iter()
        .filter(|place| !group.projection.steps[*place].outer)
        .collect();
    let steps: Vec<&StepView> = within.iter().map(|place| &group.projection.steps[*place]).collect();
    // A step that has not ended goes on to the last that is known of the run.
    let last = steps.iter().map(|step| step.end.unwrap_or(step.start)).max().unwrap_or(view.start);
    let end = view.end.unwrap_or(last).max(view.start);
    let all = spans(&steps, &within, last, false);
    let work = spans(&steps, &within, last, true);
    let time = split(&work, view.start, end);
    // What a call or tool does through details of its own, such as a request, it does itself.
    let (of_all, of_work) = (self_times(&all), self_times(&work));
    let own: Vec<u64> =
        (0..steps.len()).map(|at| if is_detail(steps[at]) { of_all[at] } else { of_work[at] }).collect();
    let mut kinds = BTreeMap::new();
    let mut tools = BTreeMap::new();
    let mut models = BTreeMap::new();
    for (step, own) in steps.iter().zip(&own) {
        // A second report of the same call would count everything twice, and so would a call that holds others.
        if step.same_as.is_some() || (step.kind.is_model_call() && !step.counted) {
            continue;
        }
        let costs = cost::of_step(step, prices);
        let add = |groups: &mut BTreeMap<String, StepGroup>, name: &str| {
            let group = groups.entry(name.to_owned()).or_default();
            name.clone_into(&mut group.name);
            group.count += 1;
            group.total_ms += ms_between(step.start, step.end.unwrap_or(last));
            group.self_ms += *own as f64 / 1e6;
            group.errors += u64::from(has_failed(step));
            if let Some(costs) = &costs {
                let tokens = [step.usage.input_tokens, step.usage.output_tokens];
                for tokens in tokens.into_iter().flatten() {
                    group.tokens = Some(group.tokens.unwrap_or(0).saturating_add(tokens));
                }
                if let Some(cost) = costs.cost {
                    group.cost_usd = Some(group.cost_usd.unwrap_or(0.0) + usd(cost));
                }
            }
        };
        add(&mut kinds, step.kind.as_str());
        if step.counted && step.kind == Kind::Tool {
            add(&mut tools, step.tool_name.as_deref().unwrap_or(&step.name));
        } else if step.is_counted_call() {
            let model = step.facts.response_model.as_deref().or(step.facts.request_model.as_deref());
            add(&mut models, model.unwrap_or("unknown"));
        }
    }
    RunStatistics {
        run_id: view.run_id.to_string(),
        time: TimeSplit {
            total_ms: ms_between(view.start, end),
            model_ms: time.model as f64 / 1e6,
            tools_ms: time.tools as f64 / 1e6,
            people_ms: time.people as f64 / 1e6,
            other_ms: time.other as f64 / 1e6,
        },
        dearest_turn: dearest_turn(group, prices, run),
        slowest_step: slowest(&steps, &work, &own),
        first_error: first_error(&steps),
        kinds: by_time(kinds),
        tools: by_time(tools),
        models: by_time(models),
    }
}

/// A step that says nothing about what is done: a request, or anything without a kind.
fn is_detail(step: &StepView) -> bool {
    matches!(step.kind, Kind::Http | Kind::Other)
}

/// The steps in time, with the periods in which a person was asked as steps of their own behind them. `through_details`
/// takes what lies in a detail as lying in the step around it.
fn spans(steps: &[&StepView], within: &[usize], last: u64, through_details: bool) -> Vec<Span> {
    let places: HashMap<usize, usize> = within.iter().enumerate().map(|(at, place)| (*place, at)).collect();
    let above = |at: usize| steps[at].parent.and_then(|parent| places.get(&parent).copied());
    let parent = |at: usize| {
        if through_details && is_detail(steps[at]) {
            return None;
        }
        std::iter::successors(above(at), |at| above(*at))
            .find(|at| !(through_details && is_detail(steps[*at])))
    };
    let mut spans: Vec<Span> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| Span {
            parent: parent(at),
            start: step.start,
            end: step.end.unwrap_or(last),
            activity: activity(step),
        })
        .collect();
    for (at, step) in steps.iter().enumerate() {
        let asked = step.asked.as_ref().and_then(|asked| Some((asked.asked_at?, asked.answered_at?)));
        if let Some((start, end)) = asked.filter(|(start, end)| start < end) {
            spans.push(Span { parent: Some(at), start, end, activity: Activity::Person });
        }
    }
    spans
}

fn activity(step: &StepView) -> Activity {
    let asks = step.kind == Kind::Policy
        && (step.asked.is_some() || step.facts.resolution.is_some() || step.verdict == Some(Verdict::Hitl));
    match step.kind {
        Kind::Llm | Kind::Embedding => Activity::Model,
        Kind::Run | Kind::Turn | Kind::Workflow | Kind::Http | Kind::Other => Activity::Container,
        _ if asks => Activity::Person,
        _ => Activity::Tool,
    }
}

fn has_failed(step: &StepView) -> bool {
    step.error.is_some() && !step.is_refused()
}

fn name(step: &StepView) -> String {
    step.tool_name.clone().unwrap_or_else(|| step.name.clone())
}

fn dearest_turn(group: &TraceGroup, prices: &PriceList, run: usize) -> Option<DearTurn> {
    let turns = &group.projection.runs[run].turns;
    let costs = turns.iter().filter_map(|turn| {
        let mut costs = Costs::default();
        for step in &turn.llm_steps {
            costs.add(&cost::of_step(&group.projection.steps[*step], prices)?);
        }
        Some((turn.n, costs.cost.filter(|cost| *cost > 0)?))
    });
    let (n, cost) = costs.max_by_key(|(n, cost)| (*cost, std::cmp::Reverse(*n)))?;
    (turns.len() > 1).then(|| DearTurn { n, cost_usd: usd(cost) })
}

fn slowest(steps: &[&StepView], spans: &[Span], own: &[u64]) -> Option<SlowStep> {
    let works = |at: &usize| matches!(spans[*at].activity, Activity::Model | Activity::Tool);
    let at = (0..steps.len()).filter(works).max_by_key(|at| (own[*at], std::cmp::Reverse(*at)))?;
    (steps.len() > 2 && own[at] > 0).then(|| SlowStep {
        step_id: steps[at].step_id.to_string(),
        name: name(steps[at]),
        kind: steps[at].kind.as_str().to_owned(),
        self_ms: own[at] as f64 / 1e6,
    })
}

/// The failed step that ended first: what holds it ended later.
fn first_error(steps: &[&StepView]) -> Option<FailedStep> {
    let failed = steps.iter().filter(|step| has_failed(step) && step.same_as.is_none());
    let first = failed.min_by_key(|step| (step.end.unwrap_or(u64::MAX), std::cmp::Reverse(step.depth)))?;
    let error = first.error.as_ref().map(error_info)?;
    Some(FailedStep { step_id: first.step_id.to_string(), name: name(first), error })
}

fn by_time(groups: BTreeMap<String, StepGroup>) -> Vec<StepGroup> {
    let mut groups: Vec<StepGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| b.self_ms.total_cmp(&a.self_ms));
    groups
}
