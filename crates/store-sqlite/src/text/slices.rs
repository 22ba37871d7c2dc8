//! Signatures of many units, turned round: for each bit one slice, which holds that bit of every unit. A question reads as
//! many slices as it has grams, however many units there are.

use super::signature::{BITS, BYTES};
use crate::error::{Error, Result};
use rusqlite::{Connection, OptionalExtension as _};

/// Units of a segment when it is made.
pub(super) const NARROW: usize = 512;
/// Narrow segments that become a wide one.
pub(super) const MERGED: usize = 8;
/// Units of a wide segment.
pub(super) const WIDE: usize = NARROW * MERGED;
/// Bytes of a row: as much as fits on one page of the database.
const ROW_BYTES: usize = 7680;
/// Numbers for the rows of one segment.
const ROWS: i64 = 8192;

/// The state of a segment, as `search_segments` keeps it.
pub(super) mod state {
    pub(in super::super) const BUILDING: i64 = 0;
    pub(in super::super) const WHOLE: i64 = 1;
    pub(in super::super) const GOING: i64 = 2;
}

/// Signatures of the units from `first_unit` on, in slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) id: i64,
    pub(crate) first_unit: i64,
    pub(crate) width: usize,
}

impl Segment {
    /// The segments in this state, the newest units first.
    pub(super) fn all(db: &Connection, state: i64) -> Result<Vec<Self>> {
        let mut statement = db.prepare_cached(
            "SELECT id, first_unit, width FROM search_segments WHERE state = ?1 ORDER BY first_unit DESC",
        )?;
        let segments = statement.query_map([state], |row| {
            Ok(Self { id: row.get(0)?, first_unit: row.get(1)?, width: row.get(2)? })
        })?;
        let segments: Vec<Self> = segments.collect::<rusqlite::Result<_>>()?;
        match segments.iter().find(|segment| ![NARROW, WIDE].contains(&segment.width)) {
            Some(odd) => {
                Err(Error::damaged(format!("search segment {} is {} units wide", odd.id, odd.width)))
            }
            None => Ok(segments),
        }
    }

    /// The unit behind the last.
    pub(super) fn end(self) -> i64 {
        self.first_unit.saturating_add(i64::try_from(self.width).unwrap_or(i64::MAX))
    }

    /// Slices in one row.
    fn slices_per_row(self) -> usize {
        ROW_BYTES * 8 / self.width
    }

    /// Rows that hold all slices.
    pub(super) fn rows(self) -> usize {
        BITS.div_ceil(self.slices_per_row())
    }

    fn row_id(self, row: usize) -> Result<i64> {
        i64::try_from(row).ok().zip(self.id.checked_mul(ROWS)).map(|(row, first)| first + row).ok_or_else(
            || Error::damaged(format!("search segment {} has a number that is too large", self.id)),
        )
    }

    /// Of which units all of these bits are set: a bit for each unit.
    pub(super) fn units_with_all(self, db: &Connection, probes: &[u16]) -> Result<Vec<u64>> {
        let mut units = vec![u64::MAX; self.width / 64];
        let mut statement = db.prepare_cached("SELECT bits FROM search_slices WHERE id = ?1")?;
        for bit in probes {
            let (row, place) =
                (usize::from(*bit) / self.slices_per_row(), usize::from(*bit) % self.slices_per_row());
            let mut rows = statement.query([self.row_id(row)?])?;
            let found = rows.next()?;
            let slice = found
                .map(|row| row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from))
                .transpose()?
                .and_then(|bits| bits.get(place * self.width / 8..(place + 1) * self.width / 8));
            let Some(slice) = slice else {
                return Err(Error::damaged(format!("a row of search segment {} is missing", self.id)));
            };
            let mut any = 0;
            for (units, bytes) in units.iter_mut().zip(slice.chunks_exact(8)) {
                *units &= u64::from_le_bytes(bytes.try_into().unwrap_or_default());
                any |= *units;
            }
            if any == 0 {
                break;
            }
        }
        Ok(units)
    }

    /// Writes a narrow segment from as many signatures.
    pub(super) fn write(self, db: &Connection, signatures: &[Vec<u8>]) -> Result<()> {
        if signatures.len() != self.width || signatures.iter().any(|bits| bits.len() != BYTES) {
            return Err(Error::damaged("a signature of the search index has another size"));
        }
        // Slices of 64 units at a time: eight rows of eight bits become eight columns.
        let mut slices = vec![0_u8; BITS * self.width / 8];
        for (eight, group) in signatures.chunks_exact(8).enumerate() {
            for byte in 0..BYTES {
                let square = u64::from_le_bytes(std::array::from_fn(|unit| group[unit][byte]));
                for (bit, column) in transposed(square).to_le_bytes().into_iter().enumerate() {
                    slices[(byte * 8 + bit) * self.width / 8 + eight] = column;
                }
            }
        }
        for (row, bits) in slices.chunks(self.slices_per_row() * self.width / 8).enumerate() {
            self.write_row(db, row, bits)?;
        }
        Ok(())
    }

    fn write_row(self, db: &Connection, row: usize, bits: &[u8]) -> Result<()> {
        db.prepare_cached("INSERT OR REPLACE INTO search_slices (id, bits) VALUES (?1, ?2)")?
            .execute((self.row_id(row)?, bits))?;
        Ok(())
    }

    /// Writes the rows of a wide segment that the slices in one row of narrow ones make.
    pub(super) fn write_merged(self, db: &Connection, narrow: &[Self], narrow_row: usize) -> Result<()> {
        let (slice, first) = (NARROW / 8, narrow_row * (ROW_BYTES * 8 / NARROW));
        let rows = narrow.iter().map(|part| part.read_row(db, narrow_row)).collect::<Result<Vec<_>>>()?;
        let slices = rows.iter().map(|row| row.len() / slice).min().unwrap_or(0);
        let mut wide = Vec::with_capacity(ROW_BYTES);
        for n in 0..slices {
            for row in &rows {
                wide.extend_from_slice(&row[n * slice..(n + 1) * slice]);
            }
            if wide.len() == ROW_BYTES || n + 1 == slices {
                self.write_row(db, (first + n) / self.slices_per_row(), &wide)?;
                wide.clear();
            }
        }
        Ok(())
    }

    fn read_row(self, db: &Connection, row: usize) -> Result<Vec<u8>> {
        db.prepare_cached("SELECT bits FROM search_slices WHERE id = ?1")?
            .query_row([self.row_id(row)?], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Error::damaged(format!("a row of search segment {} is missing", self.id)))
    }

    /// Removes up to `most` rows; `true` when none is left.
    pub(super) fn remove_rows(self, db: &Connection, most: usize) -> Result<bool> {
        let removed = db
            .prepare_cached(
                "DELETE FROM search_slices WHERE id IN
                     (SELECT id FROM search_slices WHERE id >= ?1 AND id < ?2 LIMIT ?3)",
            )?
            .execute((self.row_id(0)?, self.row_id(0)? + ROWS, most))?;
        Ok(removed < most)
    }
}

/// Eight rows of eight bits, turned round (Hacker's Delight, 7-3).
const fn transposed(mut square: u64) -> u64 {
    let mut swap = (square ^ (square >> 7)) & 0x00aa_00aa_00aa_00aa;
    square ^= swap ^ (swap << 7);
    swap = (square ^ (square >> 14)) & 0x0000_cccc_0000_cccc;
    square ^= swap ^ (swap << 14);
    swap = (square ^ (square >> 28)) & 0x0000_0000_f0f0_f0f0;
    square ^ swap ^ (swap << 28)
}

#[cfg(test)]
mod tests {
    use super::super::signature::{Signature, probes};
    use super::*;

    fn database() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut db).unwrap();
        db
    }

    fn text(unit: usize) -> String {
        format!("unit number {unit} says {}", unit * 7919)
    }

    fn signatures(units: std::ops::Range<usize>) -> Vec<Vec<u8>> {
        let signature = |unit: usize| {
            let mut signature = Signature::new();
            signature.add(text(unit).as_bytes());
            signature.to_bytes()
        };
        units.map(signature).collect()
    }

    fn units(bits: &[u64]) -> Vec<usize> {
        (0..bits.len() * 64).filter(|unit| bits[unit / 64] >> (unit % 64) & 1 == 1).collect()
    }

    #[test]
    fn a_segment_says_of_each_unit_what_its_signature_says() {
        let db = database();
        let segment = Segment { id: 3, first_unit: 1, width: NARROW };
        let signatures = signatures(0..NARROW);
        segment.write(&db, &signatures).unwrap();
        for unit in [0, 1, 7, 8, 63, 64, 300, NARROW - 1] {
            let probes = probes(text(unit).as_bytes());
            let expected: Vec<usize> = (0..NARROW)
                .filter(|unit| super::super::signature::has_all(&signatures[*unit], &probes))
                .collect();
            assert!(expected.contains(&unit));
            assert_eq!(units(&segment.units_with_all(&db, &probes).unwrap()), expected);
        }
        assert_eq!(units(&segment.units_with_all(&db, &[]).unwrap()).len(), NARROW);
    }

    #[test]
    fn merged_segments_say_the_same_as_their_parts() {
        let db = database();
        let parts: Vec<Segment> = (0..MERGED)
            .map(|n| Segment {
                id: i64::try_from(n).unwrap(),
                first_unit: i64::try_from(n * NARROW).unwrap(),
                width: NARROW,
            })
            .collect();
        for (n, part) in parts.iter().enumerate() {
            part.write(&db, &signatures(n * NARROW..(n + 1) * NARROW)).unwrap();
        }
        let wide = Segment { id: 100, first_unit: 0, width: WIDE };
        for row in 0..parts[0].rows() {
            wide.write_merged(&db, &parts, row).unwrap();
        }
        for unit in [0, 511, 512, 2000, WIDE - 1] {
            let probes = probes(text(unit).as_bytes());
            let mut expected = Vec::new();
            for (n, part) in parts.iter().enumerate() {
                let of_part = units(&part.units_with_all(&db, &probes).unwrap());
                expected.extend(of_part.into_iter().map(|unit| unit + n * NARROW));
            }
            assert!(expected.contains(&unit));
            assert_eq!(units(&wide.units_with_all(&db, &probes).unwrap()), expected);
        }
        assert!(!parts[0].remove_rows(&db, 10).unwrap() && parts[0].remove_rows(&db, 10_000).unwrap());
        assert!(parts[0].units_with_all(&db, &[0]).is_err());
    }
}
