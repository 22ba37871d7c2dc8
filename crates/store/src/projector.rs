//! Behind the commit: projects the units that records came for, and writes the runs they make.

use crate::{
    blocks::Blocks,
    commit::{Applied, Batch},
    known::{KnownNodes, NODES},
    nodes,
    pricing::{self, Pricing, RunCosts},
    project::{self, Node, Projection, RunView},
    sqlite::StoreError,
    units::TouchedUnit,
};
use rusqlite::{Connection, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};
use turnscope_model::{RunId, Unit};

/// A unit that took this long to project is not projected again before this many times as long has passed: a trace of
/// 100,000 spans that arrives bit by bit must not cost its square.
const REST_FACTOR: u32 = 10;
const REST_FROM: Duration = Duration::from_millis(5);

/// `run_values.field`.
pub(crate) mod field {
    pub(crate) const MODEL: u8 = 1;
    pub(crate) const PROVIDER: u8 = 2;
    pub(crate) const TOOL: u8 = 3;
    pub(crate) const TAG: u8 = 4;
    pub(crate) const RISK_TIER: u8 = 5;
    /// A span that the run links to, as a run id is written.
    pub(crate) const LINK: u8 = 6;
}

/// A run that was written or changed, or is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The run.
    pub run_id: RunId,
    /// Whether it is gone (a root that came late took its place).
    pub gone: bool,
}

/// The units waiting to be projected.
pub(crate) struct Projector {
    known: KnownNodes,
    /// Records that came since the last pass.
    fresh: usize,
    dirty: BTreeSet<i64>,
    resting: HashMap<i64, Instant>,
    blocks: Blocks,
}

impl Projector {
    /// Picks up what was waiting when the store was closed.
    pub(crate) fn new(db: &Connection) -> Result<Self, StoreError> {
        let dirty = db
            .prepare("SELECT id FROM units WHERE dirty")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Self { known: KnownNodes::new(), fresh: 0, dirty, resting: HashMap::new(), blocks: Blocks::new() })
    }

    /// Units that a transaction changed.
    pub(crate) fn touched(&mut self, units: &[TouchedUnit]) {
        for unit in units {
            self.dirty.insert(unit.id);
            if unit.is_fresh {
                self.known.begin(unit.id);
            }
        }
    }

    /// A unit that changed in another way: its nodes are read again.
    pub(crate) fn add(&mut self, unit: i64) {
        self.dirty.insert(unit);
        self.known.forget();
    }

    /// Takes over what was committed, so that it need not be read again. After [`Projector::touched`].
    pub(crate) fn remember(&mut self, batch: Batch, applied: &Applied) {
        self.fresh += batch.records.len();
        for (record, placed) in batch.records.into_iter().zip(&applied.placed) {
            if let Some(placed) = placed {
                self.known.add(record, *placed);
            }
        }
    }

    /// Reads every unit's nodes again when they are needed.
    pub(crate) fn forget_nodes(&mut self) {
        self.known.forget();
    }

    /// Whether a pass is due whatever else waits: soon nodes would be forgotten, and have to be read again.
    pub(crate) fn is_full(&self) -> bool {
        self.fresh >= NODES / 2
    }

    /// How long until something can be projected; `None` when nothing waits.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        self.dirty
            .iter()
            .map(|unit| {
                self.resting.get(unit).map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
            })
            .min()
    }

    /// Projects what waits, for at most about `budget`, in one transaction. With `all`, units that rest too.
    pub(crate) fn run(
        &mut self,
        db: &mut Connection,
        budget: Duration,
        all: bool,
        pricing: Option<&Pricing>,
    ) -> Result<Vec<Change>, StoreError> {
        let began = Instant::now();
        self.fresh = 0;
        let tx = db.transaction()?;
        self.blocks.refresh(&tx)?;
        let mut changes = Vec::new();
        let mut done = BTreeSet::new();
        let mut costs = Vec::new();
        let due: Vec<i64> = self
            .dirty
            .iter()
            .copied()
            .filter(|unit| all || self.resting.get(unit).is_none_or(|until| *until <= began))
            .collect();
        for unit in due {
            if done.contains(&unit) {
                continue; // projected together with an earlier one
            }
            let unit_began = Instant::now();
            let group = group_of(&tx, unit)?;
            let nodes = self.known.of_group(&tx, &mut self.blocks, &group)?;
            let projection = project_group(&tx, &group, &nodes)?;
            write(&tx, &group, &projection, &nodes, pricing, &mut changes)?;
            done.extend(group);
            costs.push((unit, unit_began.elapsed()));
            if !all && began.elapsed() >= budget {
                break;
            }
        }
        tx.commit()?;
        self.dirty.retain(|unit| !done.contains(unit));
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        for (unit, took) in costs {
            if took >= REST_FROM {
                self.resting.insert(unit, now + took * REST_FACTOR);
            }
        }
        Ok(changes)
    }

    /// Units that are no more.
    pub(crate) fn forget(&mut self, units: &[i64]) {
        self.dirty.retain(|unit| !units.contains(unit));
        self.known.forget();
    }

    /// Leaves everything for a while, after a failure.
    pub(crate) fn back_off(&mut self) {
        let until = Instant::now() + Duration::from_secs(1);
        self.resting.extend(self.dirty.iter().map(|unit| (*unit, until)));
    }
}

/// The units that are projected together with this one, the main one first.
pub(crate) fn group_of(db: &Connection, unit: i64) -> Result<Vec<i64>, StoreError> {
    let main: i64 = db
        .prepare_cached("SELECT coalesce(main, id) FROM units WHERE id = ?1")?
        .query_row([unit], |row| row.get(0))?;
    let mut group = vec![main];
    let mut others = db.prepare_cached("SELECT id FROM units WHERE main = ?1 AND id <> ?1 ORDER BY id")?;
    for id in others.query_map([main], |row| row.get(0))? {
        group.push(id?);
    }
    Ok(group)
}

/// Projects the nodes of one group.
pub(crate) fn project_group(
    db: &Connection,
    group: &[i64],
    nodes: &[Node],
) -> Result<Projection, StoreError> {
    let unit = group.first().map_or(Ok(Unit::None), |main| nodes::unit_of(db, *main))?;
    Ok(project::project(unit, nodes))
}

/// Replaces the runs of a group.
fn write(
    tx: &Transaction<'_>,
    group: &[i64],
    projection: &Projection,
    nodes: &[Node],
    pricing: Option<&Pricing>,
    changes: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let mut old = BTreeMap::new();
    let mut received_at = 0_i64;
    for unit in group {
        let mut rows = tx.prepare_cached("SELECT id, run_id FROM runs WHERE unit = ?1")?;
        for row in rows.query_map([unit], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))? {
            let (id, run_id) = row?;
            old.insert(run_id, id);
        }
        received_at = received_at.max(
            tx.prepare_cached("UPDATE units SET dirty = 0 WHERE id = ?1 RETURNING received_at")?
                .query_row([unit], |row| row.get(0))?,
        );
    }
    let main = group.first().copied().unwrap_or_default();
    for joined in group.iter().skip(1) {
        // What was given to a run while its unit stood alone comes along.
        tx.prepare_cached("UPDATE scores SET unit = ?2 WHERE unit = ?1")?.execute((joined, main))?;
        tx.prepare_cached("UPDATE OR REPLACE tags SET unit = ?2 WHERE unit = ?1")?.execute((joined, main))?;
    }
    let costs = pricing::costs(projection, pricing);
    let price_key = pricing.map(|pricing| pricing.key);
    for (index, run) in projection.runs.iter().enumerate() {
        let known = old.remove(&run.run_id.bytes()[..]);
        write_run(tx, main, projection, nodes, index, run, received_at, known, &costs[index], price_key)?;
        changes.push(Change { run_id: run.run_id, gone: false });
    }
    write_scores(tx, main, projection, nodes)?;
    for (run_id, id) in old {
        delete_run_rows(tx, id)?;
        if let Ok(run_id) = RunId::from_bytes(&run_id) {
            changes.push(Change { run_id, gone: true });
        }
    }
    Ok(())
}

/// Replaces the scores that came with telemetry, and moves those given by hand to the run that they now belong to.
fn write_scores(
    tx: &Transaction<'_>,
    unit: i64,
    projection: &Projection,
    nodes: &[Node],
) -> Result<(), StoreError> {
    let has_any: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM scores WHERE unit = ?1) OR EXISTS (SELECT 1 FROM tags WHERE unit = ?1)")?
        .query_row([unit], |row| row.get(0))?;
    if has_any {
        tx.prepare_cached("DELETE FROM scores WHERE unit = ?1 AND source < 2")?.execute([unit])?;
        move_anchors(tx, unit, projection, nodes)?;
    }
    for step in &projection.steps {
        let Some(run) = step.run.map(|run| &projection.runs[run]) else { continue };
        for node in step.node.iter().chain(&step.joined).map(|node| &nodes[*node]) {
            for (nth, score) in node.facts.scores.iter().enumerate() {
                let key = format!("{}:{}:{nth}:{}", step.step_id, node.row, score.name);
                let id = turnscope_model::ContentHash::of(
                    turnscope_model::Form::Text,
                    format!("{}:{key}", run.run_id).as_bytes(),
                );
                let is_run = run.root.is_some() && run.root == step.node;
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO scores (id, anchor, run_id, unit, step_id, turn, name, value, label, comment, source, created_at)
                     VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute((
                    id.to_string(),
                    run.run_id.bytes(),
                    unit,
                    (!is_run).then_some(step.step_id.as_str()),
                    step.turn.filter(|_| !is_run).map(|turn| turn as i64),
                    &score.name,
                    score.value,
                    &score.label,
                    &score.comment,
                    crate::edit::source_number(score.source),
                    crate::commit::ns(node.start) / 1_000_000,
                ))?;
            }
        }
    }
    Ok(())
}

/// Scores and tags given by hand hang on a run id; when that run is now part of another one, they follow it.
fn move_anchors(
    tx: &Transaction<'_>,
    unit: i64,
    projection: &Projection,
    nodes: &[Node],
) -> Result<(), StoreError> {
    for table in ["scores", "tags"] {
        let anchors: Vec<Vec<u8>> = tx
            .prepare_cached(&format!("SELECT DISTINCT anchor FROM {table} WHERE unit = ?1"))?
            .query_map([unit], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for anchor in anchors {
            let Ok(id) = RunId::from_bytes(&anchor) else { continue };
            let exact = projection.runs.iter().find(|run| run.run_id == id);
            let now = exact.or_else(|| {
                let (trace, span) = (id.trace_part(), id.span_part());
                let step = projection.steps.iter().find(|step| {
                    step.node.is_some_and(|node| {
                        nodes[node].trace_id == Some(trace) && nodes[node].span_id == Some(span)
                    })
                })?;
                step.run.map(|run| &projection.runs[run])
            });
            if let Some(run) = now {
                tx.prepare_cached(&format!(
                    "UPDATE {table} SET run_id = ?3 WHERE unit = ?1 AND anchor = ?2"
                ))?
                .execute((unit, anchor, run.run_id.bytes()))?;
            }
        }
    }
    Ok(())
}

/// Deletes the derived rows of a run.
pub(crate) fn delete_run_rows(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([id])?;
    tx.prepare_cached("DELETE FROM run_values WHERE run = ?1")?.execute([id])?;
    tx.prepare_cached("DELETE FROM run_models WHERE run = ?1")?.execute([id])?;
    Ok(())
}

/// The lists of a run that are shown and not filtered by.
#[derive(serde::Serialize, serde::Deserialize, Default, Clone, Debug, PartialEq)]
pub(crate) struct RunLists {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) trace_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) models: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) providers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) risk_tiers: Vec<String>,
    /// The spans that it links to, as run ids are written, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<(String, Option<String>)>,
}

#[expect(clippy::too_many_arguments, reason = "one row from the pieces of one transaction")]
fn write_run(
    tx: &Transaction<'_>,
    unit: i64,
    projection: &Projection,
    nodes: &[Node],
    index: usize,
    run: &RunView,
    received_at: i64,
    known: Option<i64>,
    costs: &RunCosts,
    price_key: Option<i64>,
) -> Result<(), StoreError> {
    let mut root = index;
    while let Some(parent) = projection.runs[root].parent {
        root = parent;
    }
    let trace_ids: BTreeSet<String> = match run.trace_id {
        Some(trace) => BTreeSet::from([trace.to_string()]),
        None => projection
            .steps
            .iter()
            .filter(|step| step.run == Some(index))
            .filter_map(|step| nodes[step.node?].trace_id)
            .map(|trace| trace.to_string())
            .collect(),
    };
    let lists = RunLists {
        trace_ids: trace_ids.into_iter().collect(),
        models: run.models.clone(),
        providers: run.providers.clone(),
        tools: run.tools.clone(),
        tags: run.tags.clone(),
        metadata: run.metadata.clone(),
        risk_tiers: run.risk_tiers.clone(),
        links: run
            .links
            .iter()
            .map(|link| (RunId::of_span(link.trace_id, link.span_id).to_string(), link.why.clone()))
            .collect(),
    };
    let start = crate::commit::ns(run.start);
    let last_seen = crate::commit::ns(run.last_seen);
    let end = run.end.map(crate::commit::ns);
    let usage = &run.usage;
    let id: i64 = tx.prepare_cached(include_str!("sqlite/sql/run_write.sql"))?.query_row(
        rusqlite::params![
            known,
            &run.run_id.bytes()[..],
            unit,
            run.parent.map(|parent| projection.runs[parent].run_id.bytes().to_vec()),
            &projection.runs[root].run_id.bytes()[..],
            run.trace_id.map(|id| id.bytes().to_vec()),
            run.span_id.map(|id| id.bytes().to_vec()),
            run.native_run_id,
            run.name,
            run.agent_name,
            run.service_name,
            run.dialect,
            start,
            end,
            last_seen,
            end.unwrap_or(last_seen).saturating_sub(start),
            received_at,
            run.failed,
            run.turns.len() as i64,
            run.llm_call_count as i64,
            run.tool_call_count as i64,
            run.error_count as i64,
            usage.input_tokens.map(|n| n as i64),
            usage.output_tokens.map(|n| n as i64),
            usage.cache_read_tokens.map(|n| n as i64),
            usage.cache_write_tokens.map(|n| n as i64),
            usage.reasoning_tokens.map(|n| n as i64),
            usage.total_tokens().map(|n| n as i64),
            run.reported_cost,
            run.session_id,
            run.user_id,
            run.user_role,
            run.trigger_type,
            run.verdicts[0] as i64,
            run.verdicts[1] as i64,
            run.verdicts[2] as i64,
            run.error.as_ref().map(|error| &error.r#type),
            run.error.as_ref().and_then(|error| error.message.as_ref()),
            run.input_text,
            run.output_text,
            run.prompt_id,
            run.prompt_version,
            run.experiment_id,
            run.experiment_variant,
            serde_json::to_string(&lists).unwrap_or_default(),
            costs.all.cost,
            costs.all.computed,
            costs.all.unpriced_calls as i64,
            price_key,
        ],
        |row| row.get(0),
    )?;
    tx.prepare_cached("DELETE FROM run_values WHERE run = ?1")?.execute([id])?;
    let mut value =
        tx.prepare_cached("INSERT OR IGNORE INTO run_values (field, value, run) VALUES (?1, ?2, ?3)")?;
    for (field, values) in [
        (field::MODEL, &run.models),
        (field::PROVIDER, &run.providers),
        (field::TOOL, &run.tools),
        (field::TAG, &run.tags),
        (field::RISK_TIER, &run.risk_tiers),
    ] {
        for text in values {
            value.execute((field, text, id))?;
        }
    }
    for (span, _) in &lists.links {
        value.execute((field::LINK, span, id))?;
    }
    pricing::write_models(tx, id, run, costs)
}
