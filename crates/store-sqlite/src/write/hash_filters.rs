//! Which hashes may stand in an index: a Bloom filter for each of its segments, kept in memory.
//!
//! They are filled from the tables after a start, a slice with each commit. Until a segment's filter is whole, anything may
//! stand in it.

use super::hash_tables::Table;
use crate::error::Result;
use fastbloom::BloomFilter;
use rusqlite::Transaction;

/// Bits of a filter for each expected entry. With [`HASHES`] bits set for each, one of a hundred hashes that are not there is
/// taken to be there perhaps.
const BITS: usize = 10;
const HASHES: u32 = 6;
/// Entries read by one scan, which takes some milliseconds.
const SCANNED: usize = if cfg!(test) { 3 } else { 20_000 };

/// The filters of an index.
pub(super) struct Filters {
    table: Table,
    /// By segment; `None` where nothing stands in it.
    filters: Vec<Option<BloomFilter>>,
    /// Segments below this one are whole; `None`: all are.
    whole_below: Option<i64>,
    /// The last entry that was scanned.
    scanned: (i64, i64),
    /// The last segment there was when the scan began; what came later was added.
    to_scan: Option<i64>,
}

impl Filters {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            filters: Vec::new(),
            whole_below: Some(0),
            scanned: (i64::MIN, i64::MIN),
            to_scan: None,
        }
    }

    /// Finds out, once, how many segments there are to scan.
    pub(super) fn begin(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if self.to_scan.is_none() {
            let last = tx.query_row(self.table.last_number(), [], |row| row.get(0))?;
            let segment = self.table.segment_of(last);
            self.make_room(segment);
            self.to_scan = Some(segment);
        }
        Ok(())
    }

    /// Segments in which this hash may stand.
    pub(super) fn which_may_hold(&self, hash: i64) -> impl Iterator<Item = i64> {
        let whole_below = self.whole_below.unwrap_or(i64::MAX);
        (0..).zip(&self.filters).filter_map(move |(segment, filter)| {
            let may_hold =
                segment >= whole_below || filter.as_ref().is_some_and(|filter| filter.contains(&hash));
            may_hold.then_some(segment)
        })
    }

    /// Notes an entry that now stands in the index.
    pub(super) fn add(&mut self, hash: i64, number: i64) {
        let segment = self.table.segment_of(number);
        self.make_room(segment);
        let Some(filter) = usize::try_from(segment).ok().and_then(|at| self.filters.get_mut(at)) else {
            return;
        };
        let new = || {
            // Always the same seed: hashes are random, and nobody learns what is in a filter.
            BloomFilter::with_num_bits(self.table.segment_entries() * BITS).seed(&0).hashes(HASHES)
        };
        filter.get_or_insert_with(new).insert(&hash);
    }

    /// Reads a slice of what stands in the index, until all of it has been read.
    pub(super) fn scan_some(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if self.whole_below.is_none() {
            return Ok(());
        }
        let mut statement = tx.prepare_cached(self.table.scan())?;
        let mut rows = statement.query((self.scanned.0, self.scanned.1, SCANNED))?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let (hash, number) = (row.get(0)?, row.get(1)?);
            self.add(hash, number);
            self.scanned = (hash, number);
            read += 1;
        }
        let whole_below = self.table.whole_below(self.scanned.1);
        let is_whole = read < SCANNED || self.to_scan.is_some_and(|last| whole_below > last);
        self.whole_below = (!is_whole).then_some(whole_below);
        Ok(())
    }

    fn make_room(&mut self, segment: i64) {
        let needed = usize::try_from(segment).map_or(0, |segment| segment + 1);
        if self.filters.len() < needed {
            self.filters.resize_with(needed, || None);
        }
    }
}
