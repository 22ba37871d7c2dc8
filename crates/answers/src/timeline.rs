//! The steps of a run: in order with child runs, and flat.

use crate::{
    Answers, Result, cost, step, step_data,
    telemetry::Telemetry,
    wire::{ms_between, offset_ms, usd},
};
use std::collections::{HashMap, HashSet};
use turnscope_api::{Columns, Steps, Timeline};
use turnscope_insight::cost::PriceList;
use turnscope_model::{Kind, StepStatus, Verdict};
use turnscope_project::{StepView, TraceGroup};
use turnscope_query::Run;

/// Which of a run's own steps are wanted.
#[derive(Clone, Debug, Default)]
pub struct StepFilter {
    /// Only steps of these kinds.
    pub kinds: Option<Vec<Kind>>,
    /// Only steps that failed.
    pub errors_only: bool,
    /// Only the last one.
    pub last_only: bool,
}

/// A window of a list: where it begins in the list, and where the next one does.
fn window(shown: &[usize], from: usize, limit: usize) -> (&[usize], Option<usize>) {
    let window = &shown[from.min(shown.len())..from.saturating_add(limit).min(shown.len())];
    let next = (from + window.len() < shown.len()).then_some(from + window.len());
    (window, next)
}

impl Answers {
    /// A window of a run's steps in order, child runs' steps too if they are wanted. With data, each step whole.
    pub fn timeline(
        &self,
        run: &str,
        children: bool,
        (from, limit): (usize, usize),
        with_data: bool,
    ) -> Result<Timeline> {
        self.about_run_with_contents(run, |reader, found, fetched| {
            let group = &found.group;
            let shown = steps_of(group, found.index, children);
            let zero = group.projection.runs[found.index].start;
            let (window, next_from) = window(&shown, from, limit);
            let mut steps: Vec<_> =
                window.iter().map(|index| step::step(group, &self.prices, *index, zero)).collect();
            if with_data {
                let mut telemetry = Telemetry::new(reader, group, fetched);
                telemetry.load(window.iter().copied())?;
                for (one, index) in steps.iter_mut().zip(window) {
                    one.data = Some(Box::new(step_data::data(&mut telemetry, group, &self.prices, *index)?));
                }
            }
            Ok(Timeline {
                run_id: found.run.run_id.to_string(),
                started_at: found.run.start / 1_000_000,
                steps,
                total: shown.len(),
                next_from,
            })
        })
    }

    /// The same window as columns: the skeleton of a large run.
    pub fn timeline_columns(
        &self,
        run: &str,
        children: bool,
        (from, limit): (usize, usize),
    ) -> Result<Columns> {
        self.about_run(run, |_, found| {
            let shown = steps_of(&found.group, found.index, children);
            let (window, next_from) = window(&shown, from, limit);
            Ok(columns(&found.run, &found.group, &self.prices, found.index, (&shown, window), next_from))
        })
    }

    /// The run's own steps, flat.
    pub fn steps(&self, run: &str, filter: &StepFilter, offset: usize, limit: usize) -> Result<Steps> {
        self.about_run(run, |_, found| {
            let group = &found.group;
            let zero = group.projection.runs[found.index].start;
            let is_wanted = |index: &usize| {
                let step = &group.projection.steps[*index];
                !step.outer
                    && filter.kinds.as_ref().is_none_or(|kinds| kinds.contains(&step.kind))
                    && (!filter.errors_only || step.error.is_some())
            };
            let mut own: Vec<usize> =
                steps_of(group, found.index, false).into_iter().filter(is_wanted).collect();
            if filter.last_only {
                own = own.pop().into_iter().collect();
            }
            let shown = own.iter().skip(offset).take(limit);
            let steps = shown.map(|index| step::step(group, &self.prices, *index, zero)).collect();
            Ok(Steps { steps, total: own.len() })
        })
    }
}

/// The steps that a run's timeline shows, in order: those above it, its own, and its child runs'.
pub(crate) fn steps_of(group: &TraceGroup, run: usize, children: bool) -> Vec<usize> {
    let steps = &group.projection.steps;
    let root = steps.iter().position(|step| {
        step.run == Some(run) && step.record.is_some() && step.record == group.projection.runs[run].root
    });
    let mut above = HashSet::new();
    let mut next = root.and_then(|root| steps[root].parent);
    while let Some(place) = next {
        above.insert(place);
        next = steps[place].parent;
    }
    (0..steps.len())
        .filter(|place| match steps[*place].run {
            Some(own) if own == run => true,
            Some(other) => children && group.is_within(other, run),
            None => steps[*place].outer && above.contains(place),
        })
        .collect()
}

/// The steps that the timelines of all runs of a trace group show together.
pub(crate) fn steps_in_runs(group: &TraceGroup) -> Vec<usize> {
    let steps = &group.projection.steps;
    let roots: HashSet<usize> = group.projection.runs.iter().filter_map(|run| run.root).collect();
    let is_root = |step: &StepView| step.run.is_some() && step.record.is_some_and(|own| roots.contains(&own));
    let mut above = HashSet::new();
    for root in steps.iter().filter(|step| is_root(step)) {
        let mut next = root.parent;
        while let Some(place) = next.filter(|place| above.insert(*place)) {
            next = steps[place].parent;
        }
    }
    (0..steps.len())
        .filter(|place| steps[*place].run.is_some() || (steps[*place].outer && above.contains(place)))
        .collect()
}

fn columns(
    run: &Run,
    group: &TraceGroup,
    prices: &PriceList,
    index: usize,
    (shown, window): (&[usize], &[usize]),
    next_from: Option<usize>,
) -> Columns {
    let places: HashMap<usize, usize> = shown.iter().enumerate().map(|(at, place)| (*place, at)).collect();
    let zero = group.projection.runs[index].start;
    let steps = || window.iter().map(|place| &group.projection.steps[*place]);
    let mut names = Dictionary::default();
    let mut runs = Dictionary::default();
    let mut services = Dictionary::default();
    let name = steps().map(|step| names.place(&*step.name)).collect();
    let run_of = steps().map(|step| step.run.map(|run| runs.place(run))).collect();
    let service = steps()
        .map(|step| {
            let name = &*group.records[step.record?].service_name;
            (!name.is_empty()).then(|| services.place(name))
        })
        .collect();
    Columns {
        run_id: run.run_id.to_string(),
        started_at: run.start / 1_000_000,
        total: shown.len(),
        next_from,
        name,
        names: names.known.into_iter().map(str::to_owned).collect(),
        run: run_of,
        runs: runs.known.into_iter().map(|run| group.projection.runs[run].run_id.to_string()).collect(),
        service,
        services: services.known.into_iter().map(str::to_owned).collect(),
        kinds: Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect(),
        step_id: steps().map(|step| step.step_id.to_string()).collect(),
        parent: steps().map(|step| step.parent.and_then(|parent| places.get(&parent).copied())).collect(),
        depth: steps().map(|step| step.depth).collect(),
        kind: steps().map(|step| step.kind as u8).collect(),
        status: steps()
            .map(|step| match step.status {
                StepStatus::Running => 0,
                StepStatus::Ok => 1,
                StepStatus::Error => 2,
                StepStatus::Pending => 3,
                StepStatus::Waiting => 4,
            })
            .collect(),
        start_offset_ms: steps().map(|step| offset_ms(step.start, zero)).collect(),
        duration_ms: steps().map(|step| step.end.map(|end| ms_between(step.start, end))).collect(),
        turn: steps().map(|step| step.turn).collect(),
        outer: steps().map(|step| step.outer).collect(),
        tokens: steps()
            .map(|step| {
                let both = [step.usage.input_tokens, step.usage.output_tokens];
                let known = step.is_counted_call() && both.iter().any(Option::is_some);
                known.then(|| both.into_iter().flatten().fold(0, u64::saturating_add))
            })
            .collect(),
        cost_usd: steps().map(|step| cost::of_step(step, prices)?.cost.map(usd)).collect(),
        verdict: steps()
            .map(|step| match step.verdict {
                None => 0,
                Some(Verdict::Allow) => 1,
                Some(Verdict::Deny) => 2,
                Some(Verdict::Hitl) => 3,
            })
            .collect(),
    }
}

/// Values that stand in a column by their place among those seen.
struct Dictionary<T> {
    known: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { known: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Dictionary<T> {
    fn place(&mut self, value: T) -> usize {
        *self.places.entry(value).or_insert_with(|| {
            self.known.push(value);
            self.known.len() - 1
        })
    }
}
