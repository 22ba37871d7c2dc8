//! What runs cost, as columns to filter, sort and sum by.
//!
//! The store knows no prices: it is given a function, and a number that differs when the function does. Costs are
//! written with the run. When the number changes, they are written again behind everything else, so that a corrected
//! price corrects the past.

use crate::{
    blocks::Blocks,
    error::Result,
    groups::{load_members, members},
    isolate::catch_panic,
    schema::sql_value::{SqlValue as _, count},
};
use rusqlite::{Connection, OptionalExtension as _};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use turnscope_model::{Costs, StepStatus, TraceGroupId};
use turnscope_project::{Projection, RunView};
use turnscope_store::{Change, Pricing};

/// A model as calls are summed by, and its provider.
type ModelKey = (Option<String>, Option<String>);

/// What one run cost, and each of its models.
#[derive(Clone, Debug, Default)]
pub(super) struct RunCosts {
    pub(crate) all: Costs,
    pub(crate) by_model: BTreeMap<ModelKey, Costs>,
}

/// What the runs of a projection cost, in their order.
pub(super) fn costs(projection: &Projection, pricing: Option<&Pricing>) -> Vec<RunCosts> {
    let mut runs = vec![RunCosts::default(); projection.runs.len()];
    for step in projection.steps.iter().filter(|step| step.is_counted_call()) {
        let Some(run) = step.run.and_then(|run| runs.get_mut(run)) else { continue };
        let facts = &step.facts;
        let computed = pricing.and_then(|pricing| (pricing.price_of)(facts, step.start));
        let cost = Costs::of_call(facts, computed, step.status == StepStatus::Error);
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
    pub(crate) fn new(db: &Connection, pricing: Option<Pricing>) -> Result<Self> {
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
    pub(crate) fn run(&mut self, db: &mut Connection, budget: Duration) -> Result<Vec<Change>> {
        let (Some(pricing), Some(mut below)) = (&self.pricing, self.below) else { return Ok(Vec::new()) };
        let began = Instant::now();
        let mut tx = db.transaction()?;
        let mut blocks = Blocks::new();
        let mut changes = Vec::new();
        let left = loop {
            let next: Option<(i64, i64)> = tx
                .prepare_cached(
                    "SELECT id, trace_group FROM runs WHERE id < ?1 AND price_key IS NOT ?2 ORDER BY id DESC LIMIT 1",
                )?
                .query_row((below, pricing.key), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((run, group)) = next else { break None };
            let savepoint = tx.savepoint()?;
            match catch_panic(|| reprice(&savepoint, &mut blocks, TraceGroupId(group), pricing)) {
                Ok(changed) => {
                    savepoint.commit()?;
                    changes.extend(changed);
                }
                // Its runs keep the costs that they have; projecting it says what is wrong with it.
                Err(error) if error.is_permanent() => tracing::warn!(%error, "a run keeps its old cost"),
                Err(error) => return Err(error),
            }
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

/// Writes the costs of a trace group's runs again; gives the runs whose cost changed.
fn reprice(
    tx: &Connection,
    blocks: &mut Blocks,
    group: TraceGroupId,
    pricing: &Pricing,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let members = members(tx, group)?;
    blocks.refresh(tx)?;
    let projection = load_members(tx, blocks, &members)?.projection;
    for (run, costs) in projection.runs.iter().zip(costs(&projection, Some(pricing))) {
        let known: Option<(i64, Option<i64>)> = tx
            .prepare_cached("SELECT id, cost FROM runs WHERE run_id = ?1")?
            .query_row([run.run_id.bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((row, before)) = known else { continue };
        tx.prepare_cached(
            "UPDATE runs SET cost = ?2, computed_cost = ?3, unpriced_calls = ?4, price_key = ?5 WHERE id = ?1",
        )?
        .execute((row, costs.all.cost, costs.all.computed, count(costs.all.unpriced_calls), pricing.key))?;
        write_models(tx, row, run, &costs)?;
        if before != costs.all.cost {
            changes.push(Change { run_id: run.run_id, gone: false });
        }
    }
    // Runs that the group no longer makes wait to be projected away.
    tx.prepare_cached("UPDATE runs SET price_key = ?2 WHERE trace_group = ?1")?
        .execute((group.0, pricing.key))?;
    Ok(changes)
}

/// Replaces a run's usage and cost by model.
pub(super) fn write_models(tx: &Connection, row: i64, run: &RunView, costs: &RunCosts) -> Result<()> {
    tx.prepare_cached("DELETE FROM run_models WHERE run = ?1")?.execute([row])?;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO run_models (run, model, provider, calls, input_tokens, output_tokens, cache_read_tokens,
             cache_write_tokens, reasoning_tokens, cost, computed_cost, reported_cost, unpriced_calls)
         VALUES (:run, :model, :provider, :calls, :input, :output, :cache_read, :cache_write, :reasoning, :cost,
             :computed, :reported, :unpriced)",
    )?;
    for (model, provider, calls, usage) in &run.usage_by_model {
        let cost = costs.by_model.get(&(model.clone(), provider.clone())).copied().unwrap_or_default();
        insert.execute(rusqlite::named_params! {
            ":run": row,
            ":model": model.as_deref().unwrap_or(""),
            ":provider": provider.as_deref().unwrap_or(""),
            ":calls": count(*calls),
            ":input": usage.input_tokens.write(),
            ":output": usage.output_tokens.write(),
            ":cache_read": usage.cache_read_tokens.write(),
            ":cache_write": usage.cache_write_tokens.write(),
            ":reasoning": usage.reasoning_tokens.write(),
            ":cost": cost.cost,
            ":computed": cost.computed,
            ":reported": cost.reported,
            ":unpriced": count(cost.unpriced_calls),
        })?;
    }
    Ok(())
}
