//! An index by hash whose entries are written behind, in the order of their hashes.
//!
//! A hash falls anywhere in an index. Written as it comes, nearly every entry would change a page of its own: eight
//! kilobytes to the log, and later to the file, for some twenty bytes, as soon as the index is larger than a commit. So
//! an entry is first found in memory, and noted where it is not lost ([`Table`]). When there are enough of them they move
//! to the index proper, sorted, a slice with each commit: neighbours share pages.
//!
//! Most of what is looked for is not there, and each look into the index would read a page from anywhere in it. So a filter in
//! memory says what may be there ([`Filters`]). The index of contents, by far the largest, lies in segments by number, so that a
//! generation changes pages of the newest segment only, however large the store is.

use super::{hash_filters::Filters, hash_tables::Table};
use crate::error::Result;
use rusqlite::Transaction;
use std::collections::HashMap;

/// Entries gathered before they move: the more there are, the more share a page. Each takes some 20 bytes of memory,
/// twice that while it moves (seven eighths of a power of two: the map is full then).
const GENERATION: usize = if cfg!(test) { 8 } else { 7 * 16 * 1024 };

/// Hash (its first eight bytes) to number; one hash may lead to several numbers.
pub(crate) struct HashIndex {
    table: Table,
    gathering: Entries,
    /// The generation before: it is found here until all of it stands in the index.
    moving: Entries,
    /// What of it is still to be moved, in order.
    to_move: std::vec::IntoIter<(i64, i64)>,
    /// The last note that `moving` holds.
    moving_to: i64,
    /// Notes up to this one stand in the index, and are not needed any more; 0 when that is done.
    moved_to: i64,
    next_note: i64,
    added: usize,
    is_loaded: bool,
    /// What may stand in the index proper. It outlives a roll-back: then it only says "perhaps" more often.
    filters: Filters,
}

/// Entries in memory. Two numbers under one hash are rare.
#[derive(Default)]
struct Entries {
    first: HashMap<i64, i64>,
    further: Vec<(i64, i64)>,
}

impl Entries {
    fn add(&mut self, hash: i64, number: i64) {
        if *self.first.entry(hash).or_insert(number) != number {
            self.further.push((hash, number));
        }
    }

    fn find(&self, hash: i64) -> impl Iterator<Item = i64> {
        let further = self.further.iter().filter(move |entry| entry.0 == hash).map(|entry| entry.1);
        self.first.get(&hash).copied().into_iter().chain(further)
    }

    fn len(&self) -> usize {
        self.first.len() + self.further.len()
    }

    /// In the order in which they stand in the index.
    fn sorted(&self, table: Table) -> Vec<(i64, i64)> {
        let first = self.first.iter().map(|(hash, number)| (*hash, *number));
        let mut all: Vec<_> = first.chain(self.further.iter().copied()).collect();
        all.sort_unstable_by_key(|&(hash, number)| match table {
            Table::Joins => (0, hash, number),
            Table::Contents => (table.segment_of(number), hash, number),
        });
        all
    }
}

impl HashIndex {
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            gathering: Entries::default(),
            moving: Entries::default(),
            to_move: Vec::new().into_iter(),
            moving_to: 0,
            moved_to: 0,
            next_note: 1,
            added: 0,
            is_loaded: false,
            filters: Filters::new(table),
        }
    }

    /// The numbers under this hash.
    pub(crate) fn find(&mut self, tx: &Transaction<'_>, hash: i64) -> Result<Vec<i64>> {
        self.load(tx)?;
        let mut found: Vec<i64> = self.gathering.find(hash).chain(self.moving.find(hash)).collect();
        for segment in self.filters.which_may_hold(hash) {
            let mut statement = tx.prepare_cached(self.table.find())?;
            let mut rows = statement.query((hash, self.table.segment_bits(), segment))?;
            while let Some(row) = rows.next()? {
                found.push(row.get(0)?);
            }
        }
        Ok(found)
    }

    /// Adds an entry that is not there yet.
    pub(crate) fn add(&mut self, tx: &Transaction<'_>, hash: i64, number: i64) -> Result<()> {
        self.load(tx)?;
        self.next_note = self.table.note(tx, self.next_note, hash, number)?;
        self.added += 1;
        self.gathering.add(hash, number);
        Ok(())
    }

    /// With each commit: moves twice as many entries as it added, so that a generation is gone before the next is full.
    pub(crate) fn advance(&mut self, tx: &Transaction<'_>) -> Result<()> {
        let slice = 2 * std::mem::take(&mut self.added);
        if self.moving.len() == 0 && self.gathering.len() >= GENERATION {
            self.begin_move();
        }
        self.move_some(tx, slice)?;
        self.filters.scan_some(tx)?;
        if self.moved_to > 0 && self.table.forget(tx, self.moved_to, slice)? {
            self.moved_to = 0;
        }
        Ok(())
    }

    /// Moves all there is, so that the next start has nothing to read.
    pub(crate) fn finish(&mut self, tx: &Transaction<'_>) -> Result<()> {
        self.load(tx)?;
        self.move_some(tx, usize::MAX)?;
        self.begin_move();
        self.move_some(tx, usize::MAX)?;
        if self.moved_to > 0 {
            self.table.forget(tx, self.moved_to, usize::MAX)?;
        }
        Ok(())
    }

    /// Forgets what is in memory, after a roll-back or a deletion: the tables know.
    pub(crate) fn reset(&mut self) {
        self.gathering = Entries::default();
        self.end_move();
        (self.moving_to, self.moved_to, self.added) = (0, 0, 0);
        self.is_loaded = false;
    }

    fn begin_move(&mut self) {
        self.moving = std::mem::take(&mut self.gathering);
        self.to_move = self.moving.sorted(self.table).into_iter();
        self.moving_to = self.next_note - 1;
    }

    fn end_move(&mut self) {
        self.moving = Entries::default();
        self.to_move = Vec::new().into_iter();
    }

    fn move_some(&mut self, tx: &Transaction<'_>, slice: usize) -> Result<()> {
        if self.moving.len() == 0 {
            return Ok(());
        }
        let mut put = tx.prepare_cached(&self.table.put())?;
        for (hash, number) in self.to_move.by_ref().take(slice) {
            put.execute((hash, number))?;
            self.filters.add(hash, number);
        }
        if self.to_move.len() == 0 {
            self.end_move();
            self.moved_to = self.moving_to;
        }
        Ok(())
    }

    /// What an earlier process, or a transaction before a roll-back, had not moved.
    fn load(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if self.is_loaded {
            return Ok(());
        }
        self.filters.begin(tx)?;
        let mut statement = tx.prepare_cached(self.table.notes())?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            self.next_note = row.get::<_, i64>(0)? + 1;
            self.gathering.add(row.get(1)?, row.get(2)?);
        }
        self.is_loaded = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;
    use std::collections::BTreeSet;

    #[derive(Clone, Debug)]
    enum Deed {
        /// Adds entries under these hashes and commits.
        Commit(Vec<i64>),
        /// The same, rolled back.
        RollBack(Vec<i64>),
        /// Takes out what leads to this number.
        Remove(i64),
        /// Ends as a process does that is killed.
        Crash,
        /// Ends as it should.
        Close,
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let hashes = || prop::collection::vec(0..40_i64, 0..12);
        prop::collection::vec(
            prop_oneof![
                6 => hashes().prop_map(Deed::Commit),
                1 => hashes().prop_map(Deed::RollBack),
                1 => (0..60_i64).prop_map(Deed::Remove),
                1 => Just(Deed::Crash),
                1 => Just(Deed::Close),
            ],
            1..40,
        )
    }

    /// What else the transaction writes that adds an entry.
    fn write(tx: &Transaction<'_>, table: Table, hash: i64, number: i64) {
        match table {
            Table::Joins => tx.execute(
                "INSERT INTO trace_groups (id, key, dirty, started_at, ended_at, received_at, spans, agentic)
                     VALUES (?1, ?1, 0, 0, 0, 0, 0, 0)",
                [number],
            ),
            Table::Contents => tx.execute(
                "INSERT INTO contents (id, hash1, hash2, form, record, block, off, len) VALUES (?1, ?2, 0, 0, 0, 0, 0, 0)",
                (number, hash),
            ),
        }
        .unwrap();
    }

    fn remove(tx: &Transaction<'_>, table: Table, number: i64) {
        let places = match table {
            Table::Joins => [("joins", "trace_group"), ("joins_recent", "trace_group")],
            Table::Contents => [("contents", "id"), ("content_hash_segments", "content")],
        };
        for (table, column) in places {
            tx.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [number]).unwrap();
        }
    }

    fn check(table: Table, deeds: Vec<Deed>) -> std::result::Result<(), TestCaseError> {
        let mut db = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut db).unwrap();
        let mut index = HashIndex::new(table);
        let mut expected = BTreeSet::new();
        let mut next = 0;
        for deed in deeds {
            let tx = db.transaction().unwrap();
            let mut add = |index: &mut HashIndex, hashes: &[i64]| -> Vec<(i64, i64)> {
                let mut added = Vec::new();
                for &hash in hashes {
                    next += 1;
                    write(&tx, table, hash, next);
                    index.add(&tx, hash, next).unwrap();
                    added.push((hash, next));
                }
                index.advance(&tx).unwrap();
                added
            };
            match deed {
                Deed::Commit(hashes) => {
                    expected.extend(add(&mut index, &hashes));
                    tx.commit().unwrap();
                }
                Deed::RollBack(hashes) => {
                    add(&mut index, &hashes);
                    tx.rollback().unwrap();
                    index.reset();
                }
                Deed::Remove(number) => {
                    remove(&tx, table, number);
                    tx.commit().unwrap();
                    index.reset();
                    expected.retain(|&(_, one)| one != number);
                }
                Deed::Crash => {
                    tx.commit().unwrap();
                    index = HashIndex::new(table);
                }
                Deed::Close => {
                    index.finish(&tx).unwrap();
                    let mut left = HashIndex::new(table);
                    left.load(&tx).unwrap();
                    prop_assert_eq!(left.gathering.len(), 0);
                    tx.commit().unwrap();
                    index = HashIndex::new(table);
                }
            }
            let tx = db.transaction().unwrap();
            for hash in 0..40 {
                let found: BTreeSet<i64> = index.find(&tx, hash).unwrap().into_iter().collect();
                let wanted: BTreeSet<i64> =
                    expected.range((hash, i64::MIN)..=(hash, i64::MAX)).map(|entry| entry.1).collect();
                prop_assert_eq!(found, wanted, "hash {}", hash);
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_was_committed_is_found_whatever_happens_in_between(deeds in deeds()) {
            check(Table::Joins, deeds.clone())?;
            check(Table::Contents, deeds)?;
        }
    }
}
