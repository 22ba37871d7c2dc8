//! `GET /v1/runs/{id}/cost`: how a run's cost comes about, call by call, bucket by bucket.
//!
//! Everything is computed here and now, from the usage that was kept and the prices that hold; the columns that lists are
//! sorted by follow behind.

use super::{
    problem::Problem,
    timeline::{not_one, with_run},
    wire::{Money, usd},
};
use crate::state::App;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use turnscope_insight::cost::{BucketKind, Cost, PriceList, Rate, Unknown, cost_of};
use turnscope_model::{Costs, RunId, StepStatus};
use turnscope_store::{project::StepView, query, query::UnitView};

/// Which calls.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct CostQuery {
    /// Calls of child runs too; default true.
    children: Option<bool>,
}

/// How a run's cost comes about.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunCost {
    run_id: String,
    #[serde(flatten)]
    money: Money,
    /// Ours and the client's differ, over the calls of which both are known, by more than a hundredth and $0.000001.
    differs: bool,
    /// Every model and embedding call that counts, in order.
    calls: Vec<CallCost>,
    by_model: Vec<ModelCost>,
}

/// What one call cost.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct CallCost {
    step_id: String,
    run_id: Option<String>,
    turn: Option<u64>,
    /// The model that answered, else the one asked for.
    model: Option<String>,
    provider: Option<String>,
    /// Ours; null when unknown.
    cost_usd: Option<f64>,
    /// What the client says.
    reported_cost_usd: Option<f64>,
    /// The two differ by more than a hundredth and $0.000001.
    differs: bool,
    /// Why ours is unknown.
    unknown_because: Option<String>,
    price: Option<PriceUsed>,
    /// Tokens × price, each token in one bucket: they add up to `cost_usd`.
    buckets: Vec<BucketCost>,
}

/// The price that a call was charged at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct PriceUsed {
    model: String,
    /// Null for a price that holds at any provider.
    provider: Option<String>,
    /// The day since which it holds.
    effective_from: String,
    /// Where it was read.
    source: String,
    /// `standard`, or what differs from it: `batch`, `flex`, `priority`, `long_context`, `peak`, joined by `+`.
    tier: String,
}

/// One bucket of tokens.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct BucketCost {
    /// `input`, `cache_read`, `cache_write`, `cache_write_1h`, `output` or `reasoning`.
    bucket: String,
    tokens: u64,
    usd_per_million: f64,
    cost_usd: f64,
}

/// What the calls of one model cost.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelCost {
    model: Option<String>,
    provider: Option<String>,
    calls: u64,
    #[serde(flatten)]
    money: Money,
    /// A bucket stands as often as it was charged at different prices.
    buckets: Vec<BucketCost>,
}

/// How a run's cost comes about.
pub(crate) async fn cost(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<CostQuery>,
) -> Result<Json<RunCost>, Problem> {
    let prices = app.prices.list();
    let children = query.children.unwrap_or(true);
    let (found, reply) =
        with_run(&app, id.clone(), move |_, _, view, index| Ok(run_cost(view, &prices, index, children)))
            .await?;
    reply.map(Json).ok_or_else(|| not_one(&id, found))
}

fn run_cost(view: &UnitView, prices: &PriceList, run: usize, children: bool) -> RunCost {
    let (mut all, mut both) = (Costs::default(), Costs::default());
    let mut models: BTreeMap<(Option<String>, Option<String>), Sum> = BTreeMap::new();
    let mut calls = Vec::new();
    for step in calls_of(view, run, children) {
        let found = price(step, prices);
        let costs = costs_of(step, found.as_ref().ok());
        all.add(&costs);
        if costs.computed.is_some() && costs.reported.is_some() {
            both.add(&costs);
        }
        let sum = models.entry((model_of(step), step.facts.provider.clone())).or_default();
        sum.add(&costs, found.as_ref().ok());
        calls.push(call(view, step, &found));
    }
    RunCost {
        run_id: view.projection.runs[run].run_id.to_string(),
        money: Money::of(&all),
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
            *tokens += bucket.tokens;
            *cost += bucket.cost;
        }
    }

    fn shown(self, model: Option<String>, provider: Option<String>) -> ModelCost {
        let buckets = self.buckets.into_iter();
        ModelCost {
            model,
            provider,
            calls: self.calls,
            money: Money::of(&self.costs),
            buckets: buckets.map(|((kind, rate), (tokens, cost))| bucket(kind, tokens, rate, cost)).collect(),
        }
    }
}

/// The counted calls of a run, its child runs' too if they are wanted.
fn calls_of(view: &UnitView, run: usize, children: bool) -> impl Iterator<Item = &StepView> {
    view.projection.steps.iter().filter(move |step| {
        let is_in = |own: usize| own == run || children && view.is_within(own, run);
        step.is_counted_call() && step.run.is_some_and(is_in)
    })
}

/// How the cost of one step comes about; `None` where it is no call that counts.
pub(crate) fn of_step(view: &UnitView, prices: &PriceList, index: usize) -> Option<CallCost> {
    let step = &view.projection.steps[index];
    step.is_counted_call().then(|| call(view, step, &price(step, prices)))
}

/// What one step cost; `None` where it is no call that counts.
pub(crate) fn step_costs(step: &StepView, prices: &PriceList) -> Option<Costs> {
    step.is_counted_call().then(|| costs_of(step, price(step, prices).as_ref().ok()))
}

/// Runs of this unit with what they cost at the prices that hold now.
pub(crate) fn at_todays_prices<'a>(
    view: &UnitView,
    prices: &PriceList,
    runs: impl Iterator<Item = &'a mut query::Run>,
) {
    let mut by_run: HashMap<RunId, Costs> = HashMap::new();
    for step in &view.projection.steps {
        if let (Some(run), Some(costs)) = (step.run, step_costs(step, prices)) {
            by_run.entry(view.projection.runs[run].run_id).or_default().add(&costs);
        }
    }
    for run in runs {
        if view.run_index(run.run_id).is_some() {
            run.costs = by_run.get(&run.run_id).copied().unwrap_or_default();
        }
    }
}

fn price(step: &StepView, prices: &PriceList) -> Result<Cost, Unknown> {
    cost_of(prices, &step.facts, step.start)
}

fn costs_of(step: &StepView, cost: Option<&Cost>) -> Costs {
    Costs::of_call(&step.facts, cost.map(Cost::total), step.status == StepStatus::Error)
}

fn model_of(step: &StepView) -> Option<String> {
    step.facts.response_model.clone().or_else(|| step.facts.request_model.clone())
}

fn call(view: &UnitView, step: &StepView, found: &Result<Cost, Unknown>) -> CallCost {
    let cost = found.as_ref().ok();
    let costs = costs_of(step, cost);
    CallCost {
        step_id: step.step_id.to_string(),
        run_id: step.run.map(|run| view.projection.runs[run].run_id.to_string()),
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
