//! How a run's cost comes about, call by call, bucket by bucket.
//!
//! Everything is computed when it is asked for, from the usage that was kept and the prices that hold. The columns that
//! lists are sorted by follow in the background.

use crate::{
    Answers, Result,
    wire::{money, usd},
};
use std::collections::{BTreeMap, HashMap};
use turnscope_api::{BucketCost, CallCost, ModelCost, PriceUsed, RunCost};
use turnscope_insight::cost::{BucketKind, Cost, PriceList, Rate, Unknown, cost_of};
use turnscope_model::{Costs, RunId, StepStatus};
use turnscope_project::{StepView, TraceGroup};
use turnscope_query::Run;

impl Answers {
    /// How a run's cost comes about, with its child runs or without.
    pub fn cost(&self, run: &str, children: bool) -> Result<RunCost> {
        self.about_run(run, |_, found| Ok(run_cost(&found.group, &self.prices, found.index, children)))
    }
}

fn run_cost(group: &TraceGroup, prices: &PriceList, run: usize, children: bool) -> RunCost {
    let (mut all, mut both) = (Costs::default(), Costs::default());
    let mut models: BTreeMap<(Option<String>, Option<String>), Sum> = BTreeMap::new();
    let mut calls = Vec::new();
    for step in calls_of(group, run, children) {
        let found = price(step, prices);
        let costs = costs_of(step, found.as_ref().ok());
        all.add(&costs);
        if costs.computed.is_some() && costs.reported.is_some() {
            both.add(&costs);
        }
        let sum = models.entry((model_of(step), step.facts.provider.clone())).or_default();
        sum.add(&costs, found.as_ref().ok());
        calls.push(call(group, step, &found));
    }
    RunCost {
        run_id: group.projection.runs[run].run_id.to_string(),
        money: money(&all),
        differs: both.differs(),
        calls,
        by_model: models.into_iter().map(|((model, provider), sum)| sum.shown(model, provider)).collect(),
    }
}

#[derive(Default)]
struct Sum {
    calls: u64,
    costs: Costs,
    buckets: BTreeMap<(BucketKind, Rate), (u64, i64)>,
}

impl Sum {
    fn add(&mut self, costs: &Costs, cost: Option<&Cost>) {
        self.calls += 1;
        self.costs.add(costs);
        for bucket in cost.into_iter().flat_map(|cost| &cost.buckets) {
            let (tokens, cost) = self.buckets.entry((bucket.kind, bucket.rate)).or_default();
            *tokens = tokens.saturating_add(bucket.tokens);
            *cost = cost.saturating_add(bucket.cost);
        }
    }

    fn shown(self, model: Option<String>, provider: Option<String>) -> ModelCost {
        let buckets = self.buckets.into_iter();
        ModelCost {
            model,
            provider,
            calls: self.calls,
            money: money(&self.costs),
            buckets: buckets.map(|((kind, rate), (tokens, cost))| bucket(kind, tokens, rate, cost)).collect(),
        }
    }
}

/// The counted calls of a run, its child runs' too if they are wanted.
fn calls_of(group: &TraceGroup, run: usize, children: bool) -> impl Iterator<Item = &StepView> {
    group.projection.steps.iter().filter(move |step| {
        let is_in = |own: usize| own == run || children && group.is_within(own, run);
        step.is_counted_call() && step.run.is_some_and(is_in)
    })
}

/// How the cost of one step comes about; `None` where it is no call that counts.
pub(crate) fn call_of_step(group: &TraceGroup, prices: &PriceList, index: usize) -> Option<CallCost> {
    let step = &group.projection.steps[index];
    step.is_counted_call().then(|| call(group, step, &price(step, prices)))
}

/// What one step cost; `None` where it is no call that counts.
pub(crate) fn of_step(step: &StepView, prices: &PriceList) -> Option<Costs> {
    step.is_counted_call().then(|| costs_of(step, price(step, prices).as_ref().ok()))
}

/// What the input of a call cost, with what came from a cache, billionths of a dollar; `None` where it has no price.
pub(crate) fn of_input(step: &StepView, prices: &PriceList) -> Option<i64> {
    let cost = price(step, prices).ok()?;
    let input = cost.buckets.iter().filter(|bucket| bucket.kind.is_input());
    Some(input.fold(0_i64, |sum, bucket| sum.saturating_add(bucket.cost)))
}

/// Gives runs of this trace group what they cost at the prices that hold now.
pub(crate) fn at_current_prices<'a>(
    group: &TraceGroup,
    prices: &PriceList,
    runs: impl Iterator<Item = &'a mut Run>,
) {
    let mut by_run: HashMap<RunId, Costs> = HashMap::new();
    for step in &group.projection.steps {
        if let (Some(run), Some(costs)) = (step.run, of_step(step, prices)) {
            by_run.entry(group.projection.runs[run].run_id).or_default().add(&costs);
        }
    }
    for run in runs {
        if group.run_index(run.run_id).is_some() {
            run.costs = by_run.get(&run.run_id).copied().unwrap_or_default();
        }
    }
}

fn price(step: &StepView, prices: &PriceList) -> std::result::Result<Cost, Unknown> {
    cost_of(prices, &step.facts, step.start)
}

fn costs_of(step: &StepView, cost: Option<&Cost>) -> Costs {
    Costs::of_call(&step.facts, cost.map(Cost::total), step.status == StepStatus::Error)
}

fn model_of(step: &StepView) -> Option<String> {
    step.facts.response_model.clone().or_else(|| step.facts.request_model.clone())
}

fn call(group: &TraceGroup, step: &StepView, found: &std::result::Result<Cost, Unknown>) -> CallCost {
    let cost = found.as_ref().ok();
    let costs = costs_of(step, cost);
    CallCost {
        step_id: step.step_id.to_string(),
        run_id: step.run.map(|run| group.projection.runs[run].run_id.to_string()),
        turn: step.turn,
        model: model_of(step),
        provider: step.facts.provider.clone(),
        cost_usd: costs.computed.map(usd),
        reported_cost_usd: costs.reported.map(usd),
        differs: costs.differs(),
        unknown_because: found.as_ref().err().map(ToString::to_string),
        price: cost.map(|cost| PriceUsed {
            model: cost.model.clone(),
            provider: cost.provider.clone(),
            effective_from: cost.from.to_string(),
            source: cost.source.clone(),
            tier: cost.tier.name(),
        }),
        buckets: cost
            .into_iter()
            .flat_map(|cost| &cost.buckets)
            .map(|one| bucket(one.kind, one.tokens, one.rate, one.cost))
            .collect(),
    }
}

fn bucket(kind: BucketKind, tokens: u64, rate: Rate, cost: i64) -> BucketCost {
    BucketCost { bucket: kind.as_str().to_owned(), tokens, usd_per_million: rate.usd(), cost_usd: usd(cost) }
}
