//! What records keep for others of their trace group: before they go, the others are made to stand by themselves.

use super::remove_records::write_out;
use crate::{encode::facts_row, error::Result, read::Lists};
use rusqlite::Transaction;
use std::collections::BTreeSet;
use turnscope_model::{ContentId, Kind, RecordId, TraceGroupId};

/// How many records are looked through for others that show a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// All: a text that nobody else shows must go.
    Whole,
    /// So many, the newest first. A text that none of them shows stays, with the newest record of the group: it goes when
    /// that does.
    Newest(usize),
}

/// Texts of facts are noted as used where the trace group met them first. When that record goes, another one that shows them
/// takes its place.
pub(super) fn keep_texts(
    tx: &Transaction<'_>,
    members: &[TraceGroupId],
    doomed: &BTreeSet<RecordId>,
    search: Search,
) -> Result<()> {
    let mut texts = texts_kept_by(tx, doomed)?;
    let most = match search {
        Search::Whole => usize::MAX,
        Search::Newest(most) => most,
    };
    let mut newest = None;
    let mut seen = 0;
    for group in members {
        if texts.is_empty() {
            return Ok(());
        }
        // From the end: records are looked at again in the order in which they came, and the first are the next to go.
        let mut rows =
            tx.prepare_cached("SELECT id, facts FROM records WHERE trace_group = ?1 ORDER BY id DESC")?;
        let mut rows = rows.query([group.0])?;
        while let Some(row) = rows.next()? {
            let (id, facts): (RecordId, Vec<u8>) = (RecordId(row.get(0)?), row.get(1)?);
            if texts.is_empty() || seen == most {
                break;
            }
            seen += 1;
            if doomed.contains(&id) {
                continue;
            }
            newest = newest.or(Some(id));
            let Ok((_, beside)) = facts_row::decode(&facts, Kind::Other) else { continue };
            for content in beside.contents() {
                if texts.remove(&content) {
                    keep(tx, content, id)?;
                }
            }
        }
    }
    if let Some(newest) = newest.filter(|_| seen == most) {
        texts.into_iter().try_for_each(|text| keep(tx, text, newest))?;
    }
    Ok(())
}

/// The texts that these records keep alive.
fn texts_kept_by(tx: &Transaction<'_>, doomed: &BTreeSet<RecordId>) -> Result<BTreeSet<ContentId>> {
    let mut texts = BTreeSet::new();
    let mut facts = tx.prepare_cached("SELECT facts FROM records WHERE id = ?1")?;
    let mut keeps = tx.prepare_cached(
        "SELECT 1 FROM contents WHERE id = ?1 AND record = ?2
         UNION ALL SELECT 1 FROM uses WHERE content = ?1 AND record = ?2",
    )?;
    for record in doomed {
        let mut rows = facts.query([record.0])?;
        let Some(row) = rows.next()? else { continue };
        let facts: Vec<u8> = row.get(0)?;
        let Ok((_, beside)) = facts_row::decode(&facts, Kind::Other) else { continue };
        for content in beside.contents() {
            if keeps.exists((content.0, record.0))? {
                texts.insert(content);
            }
        }
    }
    Ok(texts)
}

fn keep(tx: &Transaction<'_>, content: ContentId, record: RecordId) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?
        .execute((content.0, record.0))?;
    Ok(())
}

/// Writes out the lists that are coded against a doomed record's. Those of other trace groups are dealt with where the record
/// goes.
pub(super) fn write_out_lists(
    tx: &Transaction<'_>,
    members: &[TraceGroupId],
    doomed: &BTreeSet<RecordId>,
) -> Result<()> {
    let mut lists = Lists::default();
    let mut rewritten = Vec::new();
    let mut based = tx.prepare_cached(
        "SELECT x.record, x.slot, c.trace_group FROM contexts x JOIN records c ON c.id = x.record
         WHERE x.base_record = ?1",
    )?;
    for base in doomed {
        let dependents: Vec<(RecordId, u32, Option<i64>)> = based
            .query_map([base.0], |row| Ok((RecordId(row.get(0)?), row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (record, slot, group) in dependents {
            let is_own = group.is_some_and(|group| members.contains(&TraceGroupId(group)));
            if is_own && !doomed.contains(&record) {
                rewritten.push((record, slot, lists.read(tx, record, slot)?));
            }
        }
    }
    for (record, slot, list) in rewritten {
        write_out(tx, record, slot, &list)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encode::facts_row::Companions, schema, step_count::StepCount};
    use rusqlite::Connection;
    use turnscope_model::Facts;

    const GROUP: TraceGroupId = TraceGroupId(1);

    /// A trace group of so many records, each with a text of its own and the list of the one before as its base.
    fn group_of(records: i64) -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let mut db = schema::open_writer(&directory.path().join(schema::FILE)).unwrap();
        let tx = db.transaction().unwrap();
        for id in 1..=records {
            let beside = Companions { input_text: Some(ContentId(id)), ..Companions::default() };
            let facts = facts_row::encode(&Facts::default(), beside);
            tx.execute(
                "INSERT INTO records (id, trace_group, role, kind, start, status, origin, facts, block, off, len)
                 VALUES (?1, 1, 0, 0, ?1, 0, 1, ?2, 1, 0, 0)",
                (id, facts),
            )
            .unwrap();
            tx.execute("INSERT INTO uses (content, record) VALUES (?1, ?1)", [id]).unwrap();
            tx.execute(
                "INSERT INTO contexts (record, slot, purpose, base_record, base_slot, ops) VALUES (?1, 0, 0, ?2, 0, x'')",
                (id, (id > 1).then_some(id - 1)),
            )
            .unwrap();
        }
        tx.commit().unwrap();
        (directory, db)
    }

    /// The steps that SQLite takes before the first record of such a group may go.
    fn steps(records: i64) -> u64 {
        let (_directory, mut db) = group_of(records);
        let steps = StepCount::of(&mut db);
        let tx = db.transaction().unwrap();
        let doomed = BTreeSet::from([RecordId(1)]);
        write_out_lists(&tx, &[GROUP], &doomed).unwrap();
        keep_texts(&tx, &[GROUP], &doomed, Search::Newest(100)).unwrap();
        steps.get()
    }

    #[test]
    fn what_a_record_keeps_for_others_is_found_without_reading_the_whole_group() {
        let (small, large) = (steps(200), steps(2000));
        assert!(large < small * 2, "{small} steps in a group of 200 records, {large} in one of 2000");
    }

    fn users(tx: &Transaction<'_>, content: i64) -> Vec<i64> {
        let mut users = tx.prepare("SELECT record FROM uses WHERE content = ?1 ORDER BY record").unwrap();
        users.query_map([content], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn a_text_that_no_other_record_shows_is_kept_only_where_not_all_were_looked_through() {
        let (_directory, mut db) = group_of(50);
        let tx = db.transaction().unwrap();
        let doomed = BTreeSet::from([RecordId(1)]);
        keep_texts(&tx, &[GROUP], &doomed, Search::Whole).unwrap();
        assert_eq!(users(&tx, 1), [1]);
        keep_texts(&tx, &[GROUP], &doomed, Search::Newest(10)).unwrap();
        assert_eq!(users(&tx, 1), [1, 50]);
    }
}
