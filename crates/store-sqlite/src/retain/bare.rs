//! Deletes what the records of trace groups were sent with (messages, arguments, results, attributes), and keeps their facts:
//! runs, turns, steps, tokens and costs stay as they are.

use super::remove_records::RecordRemoval;
use crate::{
    encode::facts_row,
    error::Result,
    groups::{members, record_facts},
    schema::facts_change,
    write::Gone,
    writer::Writer,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use turnscope_model::{Facts, RecordId, TraceGroupId};

/// Records in one transaction, at most.
const RECORDS: usize = 500;

/// Trace groups whose contents are to go, and how far that has come.
#[derive(Debug)]
pub(crate) struct ContentDeletion {
    groups: Vec<TraceGroupId>,
    /// Of the last group, records from this one on are done.
    below: i64,
}

impl ContentDeletion {
    /// Of these trace groups, with all that is projected with them.
    pub(crate) fn of(db: &Connection, leaders: &[TraceGroupId]) -> Result<Self> {
        let mut groups = Vec::new();
        for leader in leaders {
            groups.extend(members(db, *leader)?);
        }
        Ok(Self { groups, below: i64::MAX })
    }

    /// The trace groups that are left.
    pub(crate) fn groups(&self) -> &[TraceGroupId] {
        &self.groups
    }

    pub(crate) fn is_done(&self) -> bool {
        self.groups.is_empty()
    }

    /// Takes away the contents of as many records as one transaction should hold; gives how many records that were.
    pub(crate) fn step(&mut self, writer: &mut Writer) -> Result<u64> {
        let tx = writer.db.transaction()?;
        let mut removal = RecordRemoval::default();
        let mut changed = Vec::new();
        let mut taken = 0;
        while let Some(&group) = self.groups.last()
            && taken < RECORDS
        {
            let records = next_records(&tx, group, self.below, RECORDS - taken)?;
            for record in &records {
                removal.add(&tx, *record)?;
                leave_bare(&tx, *record)?;
            }
            taken += records.len();
            changed.push(group);
            match records.last() {
                Some(last) if taken >= RECORDS => self.below = last.0,
                _ => {
                    end_group(&tx, group)?;
                    self.groups.pop();
                    self.below = i64::MAX;
                }
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
        // Their runs have other previews now.
        writer.schedule.changed(changed);
        Ok(taken as u64)
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

/// All that the group has is bare now; what comes later is beyond it.
fn end_group(tx: &Transaction<'_>, group: TraceGroupId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE trace_groups SET dirty = 1,
             contents_deleted_to = (SELECT coalesce(max(id), 0) FROM records WHERE trace_group = ?1) WHERE id = ?1",
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
