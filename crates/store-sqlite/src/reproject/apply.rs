//! What the writer does with records that are different today, a slice at a time, each in one transaction.

use super::look::{Found, How, Row};
use crate::{
    clock::now_ms, error::Result, groups::leader, isolate::catch_panic, retain::remove_replaced,
    schema::facts_change, write::Committer, writer::Writer,
};
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};
use std::collections::{BTreeMap, BTreeSet};
use turnscope_model::{ContentHash, GroupKey, RecordId, Role, RunId, TraceGroupId};

/// Writes what was found, and how far the work has come; gives how many records changed.
pub(super) fn apply(
    writer: &mut Writer,
    found: Vec<Found>,
    advance: impl FnOnce(&Transaction<'_>) -> Result<()>,
) -> Result<u64> {
    let mut by_group: BTreeMap<Option<TraceGroupId>, Vec<Found>> = BTreeMap::new();
    for one in found {
        by_group.entry(one.group).or_default().push(one);
    }
    let tx = writer.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut outcome = Outcome::default();
    for (group, found) in by_group {
        let committer = &mut writer.committer;
        tx.execute_batch("SAVEPOINT one_group")?;
        match catch_panic(|| apply_group(&tx, committer, group, found)) {
            Ok(of_group) => {
                tx.execute_batch("RELEASE one_group")?;
                outcome.add(of_group);
            }
            // Something damaged lies in its way: its records keep their facts, and others are not kept from theirs.
            Err(error) if error.is_permanent() => {
                tracing::warn!(?group, %error, "records of a trace group keep their facts");
                tx.execute_batch("ROLLBACK TO one_group; RELEASE one_group")?;
                writer.committer.reset();
            }
            Err(error) => return Err(error),
        }
    }
    advance(&tx)?;
    if outcome.changed > 0 {
        facts_change(&tx)?;
        writer.indexer.committed(&tx)?;
    }
    tx.commit()?;
    writer.schedule.changed(outcome.groups);
    Ok(outcome.changed)
}

/// What one slice did.
#[derive(Default)]
struct Outcome {
    changed: u64,
    /// Trace groups to project again.
    groups: BTreeSet<TraceGroupId>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.changed += other.changed;
        self.groups.extend(other.groups);
    }
}

/// Writes the records of one trace group.
fn apply_group(
    tx: &Transaction<'_>,
    committer: &mut Committer,
    group: Option<TraceGroupId>,
    found: Vec<Found>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    committer.begin_again();
    if found.iter().any(|one| one.how == How::Replace) {
        committer.forget_lists(group);
    }
    let mut replaced = BTreeMap::new();
    for one in found {
        // Deleted meanwhile, or replaced by a later version, which was read by the rules of today.
        if Row::read(tx, one.id)?.as_ref() != Some(&one.row) {
            continue;
        }
        match one.how {
            How::Update => committer.update(tx, one.id, &one.new)?,
            How::Replace => {
                if !committer.replace(tx, one.id, &one.old, &one.new)? {
                    continue;
                }
                replaced.insert(one.id, one);
            }
        }
        outcome.changed += 1;
    }
    let touched = committer.finish_again(tx, received_at(tx, group)?)?;
    outcome.groups.extend(touched.into_iter().map(|touched| touched.id));
    if replaced.is_empty() {
        return Ok(outcome);
    }
    if let Some(group) = group {
        tx.prepare_cached("UPDATE trace_groups SET dirty = 1 WHERE id = ?1")?.execute([group.0])?;
        outcome.groups.insert(group);
        take_along(tx, group, &replaced)?;
    }
    for (id, one) in &replaced {
        if matches!(one.old.role, Role::Span | Role::Open) {
            uncount_span(tx, *id)?;
        }
    }
    let contents: Vec<ContentHash> = remove_replaced(tx, group, &replaced.into_keys().collect())?;
    committer.forget_contents(&contents);
    Ok(outcome)
}

/// When the trace group was received: what is found again today did not come today.
fn received_at(tx: &Transaction<'_>, group: Option<TraceGroupId>) -> Result<i64> {
    let Some(group) = group else { return Ok(now_ms()) };
    let known = tx
        .prepare_cached("SELECT received_at FROM trace_groups WHERE id = ?1")?
        .query_row([group.0], |row| row.get(0))
        .optional()?;
    Ok(known.unwrap_or_else(now_ms))
}

/// The record that took a span's place was counted: this one counts no more.
fn uncount_span(tx: &Transaction<'_>, replaced: RecordId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE trace_groups SET spans = max(0, spans - 1)
         WHERE id IN (SELECT trace_group FROM records WHERE id = ?1 UNION SELECT trace FROM records WHERE id = ?1)",
    )?
    .execute([replaced.0])?;
    Ok(())
}

/// Scores and tags go where the spans went that they were given to. They hang on the leaders of trace groups.
fn take_along(tx: &Transaction<'_>, group: TraceGroupId, replaced: &BTreeMap<RecordId, Found>) -> Result<()> {
    let from = leader(tx, group)?;
    let has_any = tx
        .prepare_cached(
            "SELECT 1 FROM scores WHERE trace_group = ?1 UNION ALL SELECT 1 FROM tags WHERE trace_group = ?1",
        )?
        .exists([from.0])?;
    if !has_any {
        return Ok(());
    }
    let mut last = None;
    for one in replaced.values().filter(|one| one.old.group != one.new.group) {
        let Some(to) = group_of(tx, one)? else { continue };
        let to = leader(tx, to)?;
        last = Some(to);
        if let (Some(trace), Some(span)) = (one.old.trace_id, one.old.span_id) {
            hang(tx, from, to, Some(RunId::of_span(trace, span)))?;
        }
    }
    let is_left = tx
        .prepare_cached("SELECT 1 FROM records WHERE trace_group = ?1 AND role & 15 < 15")?
        .exists([group.0])?;
    match last {
        // An assembled run leaves no span by which its scores are known.
        Some(to) if !is_left && from == group => hang(tx, from, to, None),
        _ => Ok(()),
    }
}

/// The trace group that a record belongs to now.
fn group_of(tx: &Transaction<'_>, one: &Found) -> Result<Option<TraceGroupId>> {
    let key = match one.new.group {
        GroupKey::Trace(trace) => trace.bytes().to_vec(),
        GroupKey::Assembled(run) => run.bytes().to_vec(),
        GroupKey::None => return Ok(None),
    };
    Ok(tx
        .prepare_cached("SELECT id FROM trace_groups WHERE key = ?1")?
        .query_row([key], |row| row.get(0).map(TraceGroupId))
        .optional()?)
}

/// Hangs scores and tags of a trace group on another one: those of one run, or all.
fn hang(tx: &Transaction<'_>, from: TraceGroupId, to: TraceGroupId, anchor: Option<RunId>) -> Result<()> {
    if from == to {
        return Ok(());
    }
    for table in ["scores", "tags"] {
        tx.prepare_cached(&format!(
            "UPDATE OR REPLACE {table} SET trace_group = ?2 WHERE trace_group = ?1 AND (?3 IS NULL OR anchor = ?3)"
        ))?
        .execute((from.0, to.0, anchor.map(|run| run.bytes().to_vec())))?;
    }
    Ok(())
}
