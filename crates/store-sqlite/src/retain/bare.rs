//! Deletes what the records of trace groups were sent with (messages, arguments, results, attributes), and keeps their facts:
//! runs, turns, steps, tokens and costs stay as they are.

use super::{
    prune::{family, may_change},
    remove_records::RecordRemoval,
};
use crate::{
    derive::Which, encode::facts_row, error::Result, groups::record_facts, schema::facts_change, write::Gone,
    writer::Writer,
};
use rusqlite::{OptionalExtension as _, Transaction};
use std::time::Duration;
use turnscope_model::{Facts, RecordId, TraceGroupId};
use turnscope_query::Pruned;

/// Records in one transaction, at most.
const RECORDS: usize = 500;

/// How long one pass of projection may keep commits waiting.
const PASS: Duration = Duration::from_millis(30);

/// Trace groups whose contents are to go, and how far that has come.
#[derive(Debug)]
pub(crate) struct ContentDeletion {
    /// The leaders that were not looked at yet.
    leaders: Vec<TraceGroupId>,
    /// What was received at this time or later stays, in milliseconds since the epoch.
    before: i64,
    /// Groups that are being emptied, with the records from which on that is done.
    groups: Vec<(TraceGroupId, i64)>,
    /// Groups whose runs still show what was in them.
    waiting: Vec<TraceGroupId>,
    pub(crate) pruned: Pruned,
}

impl ContentDeletion {
    /// Of these trace groups, with all that is projected with them.
    pub(crate) fn of(leaders: Vec<TraceGroupId>, before: i64) -> Self {
        Self { leaders, before, groups: Vec::new(), waiting: Vec::new(), pruned: Pruned::default() }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.leaders.is_empty() && self.groups.is_empty() && self.waiting.is_empty()
    }

    /// Takes away the contents of as many records as one transaction should hold. At the end, what runs show follows.
    pub(crate) fn step(&mut self, writer: &mut Writer) -> Result<()> {
        if self.leaders.is_empty() && self.groups.is_empty() {
            writer.project(Which::All(PASS));
            let left = writer.schedule.waiting();
            self.waiting.retain(|group| left.contains(group));
            return Ok(());
        }
        let tx = writer.db.transaction()?;
        let mut removal = RecordRemoval::default();
        let mut changed = Vec::new();
        let mut taken = 0;
        while taken < RECORDS {
            let Some((group, below)) = self.next_group(&tx)? else { break };
            let records = next_records(&tx, group, below, RECORDS - taken)?;
            for record in &records {
                removal.add(&tx, *record)?;
                leave_bare(&tx, *record)?;
            }
            taken += records.len();
            changed.push(group);
            match records.last() {
                Some(last) if taken >= RECORDS => self.groups.push((group, last.0)),
                _ => end_group(&tx, group)?,
            }
        }
        let contents = removal.finish_contents(&tx)?;
        writer.committer.numbers().keep(&tx)?;
        facts_change(&tx)?;
        tx.commit()?;
        for group in &changed {
            writer.committer.forget_lists(Some(*group));
        }
        writer.forget(&Gone { contents, ..Gone::default() });
        writer.schedule.changed(changed.iter().copied());
        self.waiting.extend(changed);
        self.pruned.records += taken as u64;
        Ok(())
    }

    /// The group to go on with, and the record below which its contents are there. A family that has new records, or a run
    /// that was pinned, since it was chosen stays as it is.
    fn next_group(&mut self, tx: &Transaction<'_>) -> Result<Option<(TraceGroupId, i64)>> {
        while self.groups.is_empty() {
            let Some(leader) = self.leaders.pop() else { return Ok(None) };
            let family = family(tx, leader)?;
            if may_change(tx, &family, self.before)? {
                self.groups = family.into_iter().map(|group| (group, i64::MAX)).collect();
                self.pruned.contents += 1;
            }
        }
        Ok(self.groups.pop())
    }
}

/// Records of a group that have contents, the newest first: lists are coded against those of older ones.
fn next_records(
    tx: &Transaction<'_>,
    group: TraceGroupId,
    below: i64,
    limit: usize,
) -> Result<Vec<RecordId>> {
    let records = tx
        .prepare_cached(
            "SELECT id FROM records WHERE trace_group = ?1 AND id < ?2 AND block <> 0 ORDER BY id DESC LIMIT ?3",
        )?
        .query_map((group.0, below, limit), |row| row.get(0).map(RecordId))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(records)
}

/// All that was there when the group was looked at is bare now; what came since is beyond it.
fn end_group(tx: &Transaction<'_>, group: TraceGroupId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE trace_groups SET dirty = 1,
             contents_deleted_to = (SELECT coalesce(max(id), 0) FROM records WHERE trace_group = ?1 AND block = 0)
         WHERE id = ?1",
    )?
    .execute([group.0])?;
    Ok(())
}

/// Leaves of a record's row what says nothing of contents.
fn leave_bare(tx: &Transaction<'_>, record: RecordId) -> Result<()> {
    let row: Option<(Vec<u8>, u8)> = tx
        .prepare_cached("SELECT facts, kind FROM records WHERE id = ?1")?
        .query_row([record.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((facts, kind)) = row else { return Ok(()) };
    let bare = match facts_row::decode(&facts, record_facts::kind(kind)) {
        Ok((mut facts, companions)) => {
            drop_texts(&mut facts);
            facts_row::encode(&facts, companions.without_contents())
        }
        Err(_) => facts, // damaged: it says nothing
    };
    tx.prepare_cached("UPDATE records SET facts = ?2, block = 0, off = 0, len = 0 WHERE id = ?1")?
        .execute((record.0, bare))?;
    Ok(())
}

fn drop_texts(facts: &mut Facts) {
    facts.contents_deleted = true;
    facts.metadata.clear();
    if let Some(error) = &mut facts.error {
        error.message = None;
    }
    for approval in facts.asks.iter_mut().chain(&mut facts.answers) {
        approval.text = None;
    }
    for score in &mut facts.scores {
        score.comment = None;
    }
}
