//! What runs cost, as columns to filter, sort and sum by.
//!
//! The store knows no prices: it is given a function, and a number that differs when the function does. Costs are
//! written with the run; when the number changes, they are written again behind everything else, so that a corrected
//! price corrects the past.

use crate::{
    StoreError,
    blocks::Blocks,
    nodes,
    project::{Projection, RunView},
    projector::{Change, group_of, project_group},
};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use turnscope_model::{Costs, Facts, NanoUsd, UnixNanos};

/// What a call of these facts cost that began then; `None` when that is unknown.
pub type PriceOf = dyn Fn(&Facts, UnixNanos) -> Option<NanoUsd> + Send + Sync;

/// How calls are priced.
#[derive(Clone)]
pub struct Pricing {
    /// Differs when `price_of` does.
    pub key: i64,
    /// Prices one call.
    pub price_of: Arc<PriceOf>,
}

/// A model as calls are summed by, and its provider.
type ModelKey = (Option<String>, Option<String>);

/// What one run cost, and each of its models.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunCosts {
    pub(crate) all: Costs,
    pub(crate) by_model: BTreeMap<ModelKey, Costs>,
}

/// What the runs of a projection cost, in their order.
pub(crate) fn costs(projection: &Projection, pricing: Option<&Pricing>) -> Vec<RunCosts> {
    let mut runs = vec![RunCosts::default(); projection.runs.len()];
    for step in projection.steps.iter().filter(|step| step.is_counted_call()) {
        let Some(run) = step.run.and_then(|run| runs.get_mut(run)) else { continue };
        let facts = &step.facts;
        let computed = pricing.and_then(|pricing| (pricing.price_of)(facts, step.start));
        let cost = Costs::of_call(facts, computed, step.status == turnscope_model::StepStatus::Error);
        run.all.add(&cost);
        let model = facts.response_model.clone().or_else(|| facts.request_model.clone());
        run.by_model.entry((model, facts.provider.clone())).or_default().add(&cost);
    }
    runs
}

/// Runs whose costs are of other prices than those that hold now, gone through from the newest.
pub(crate) struct Repricing {
    pricing: Option<Pricing>,
    /// Runs below this row are still to be looked at; `None` when all are up to date.
    below: Option<i64>,
}

const DONE: &str = "price_key";

impl Repricing {
    /// Picks up where the store was closed.
    pub(crate) fn new(db: &Connection, pricing: Option<Pricing>) -> Result<Self, StoreError> {
        let done: Option<i64> =
            db.query_row("SELECT value FROM state WHERE key = ?1", [DONE], |row| row.get(0)).optional()?;
        let below = pricing.as_ref().filter(|pricing| Some(pricing.key) != done).map(|_| i64::MAX);
        Ok(Self { pricing, below })
    }

    /// From now on these prices hold.
    pub(crate) fn set(&mut self, pricing: Pricing) {
        if self.pricing.as_ref().is_none_or(|known| known.key != pricing.key) {
            self.below = Some(i64::MAX);
        }
        self.pricing = Some(pricing);
    }

    pub(crate) fn pricing(&self) -> Option<&Pricing> {
        self.pricing.as_ref()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.below.is_none()
    }

    /// Leaves it until the next start, after a failure.
    pub(crate) fn give_up(&mut self) {
        self.below = None;
    }

    /// Brings costs up to date for at most about `budget`, in one transaction; gives the runs whose cost changed.
    pub(crate) fn run(&mut self, db: &mut Connection, budget: Duration) -> Result<Vec<Change>, StoreError> {
        let (Some(pricing), Some(mut below)) = (&self.pricing, self.below) else { return Ok(Vec::new()) };
        let began = Instant::now();
        let tx = db.transaction()?;
        let mut blocks = Blocks::new();
        let mut changes = Vec::new();
        let left = loop {
            let next: Option<(i64, i64)> = tx
                .prepare_cached(
                    "SELECT id, unit FROM runs WHERE id < ?1 AND price_key IS NOT ?2 ORDER BY id DESC LIMIT 1",
                )?
                .query_row((below, pricing.key), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((run, unit)) = next else { break None };
            reprice(&tx, &mut blocks, unit, pricing, &mut changes)?;
            below = run;
            if began.elapsed() >= budget {
                break Some(below);
            }
        };
        if left.is_none() {
            tx.execute("INSERT OR REPLACE INTO state (key, value) VALUES (?1, ?2)", (DONE, pricing.key))?;
        }
        tx.commit()?;
        self.below = left;
        Ok(changes)
    }
}

/// Writes the costs of a unit's runs again.
fn reprice(
    tx: &Transaction<'_>,
    blocks: &mut Blocks,
    unit: i64,
    pricing: &Pricing,
    changes: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let group = group_of(tx, unit)?;
    blocks.refresh(tx)?;
    let nodes = nodes::load(tx, blocks, &group)?;
    let projection = project_group(tx, &group, &nodes)?;
    for (run, costs) in projection.runs.iter().zip(costs(&projection, Some(pricing))) {
        let known: Option<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT id, cost FROM runs WHERE run_id = ?1")?
            .query_row([run.run_id.bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((row, before)) = known else { continue };
        tx.prepare_cached(
            "UPDATE runs SET cost = ?2, computed_cost = ?3, unpriced_calls = ?4, price_key = ?5 WHERE id = ?1",
        )?
        .execute((row, costs.all.cost, costs.all.computed, costs.all.unpriced_calls as i64, pricing.key))?;
        write_models(tx, row, run, &costs)?;
        if before != costs.all.cost {
            changes.push(Change { run_id: run.run_id, gone: false });
        }
    }
    // Runs that the unit no longer makes wait to be projected away.
    tx.prepare_cached("UPDATE runs SET price_key = ?2 WHERE unit = ?1")?.execute((unit, pricing.key))?;
    Ok(())
}

/// Replaces a run's usage and cost by model.
pub(crate) fn write_models(
    tx: &Transaction<'_>,
    row: i64,
    run: &RunView,
    costs: &RunCosts,
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM run_models WHERE run = ?1")?.execute([row])?;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO run_models (run, model, provider, calls, input_tokens, output_tokens, cache_read_tokens,
             cache_write_tokens, reasoning_tokens, cost, computed_cost, reported_cost, unpriced_calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for (model, provider, calls, usage) in &run.usage_by_model {
        let cost = costs.by_model.get(&(model.clone(), provider.clone())).copied().unwrap_or_default();
        insert.execute(rusqlite::params![
            row,
            model.as_deref().unwrap_or(""),
            provider.as_deref().unwrap_or(""),
            *calls as i64,
            usage.input_tokens.map(|n| n as i64),
            usage.output_tokens.map(|n| n as i64),
            usage.cache_read_tokens.map(|n| n as i64),
            usage.cache_write_tokens.map(|n| n as i64),
            usage.reasoning_tokens.map(|n| n as i64),
            cost.cost,
            cost.computed,
            cost.reported,
            cost.unpriced_calls as i64,
        ])?;
    }
    Ok(())
}
