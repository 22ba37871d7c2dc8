//! Units of the search index: contents whose texts share a signature.

use super::signature::{PROBED, Signature};
use crate::error::Result;
use rusqlite::Connection;
use turnscope_model::ContentId;

/// Text of a unit at most, even where its signature has room: a question reads all of it.
const UNIT_BYTES: usize = if cfg!(test) { 1024 } else { 256 * 1024 };
/// A text longer than this has units of its own, one for each piece.
const PIECE_BYTES: usize = if cfg!(test) { 4096 } else { 128 * 1024 };

/// The unit that is being filled.
pub(super) struct OpenUnit {
    signature: Signature,
    text_bytes: usize,
}

impl OpenUnit {
    pub(super) fn new() -> Self {
        Self { signature: Signature::new(), text_bytes: 0 }
    }

    pub(super) fn add(&mut self, text: &str) {
        self.signature.add(text.as_bytes());
        self.text_bytes += text.len();
    }

    pub(super) fn is_full(&self) -> bool {
        self.signature.is_full() || self.text_bytes >= UNIT_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text_bytes == 0
    }

    /// Writes it as the next unit.
    pub(super) fn close(self, db: &Connection, contents: Contents, part: usize) -> Result<i64> {
        let id: i64 = db
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM search_units")?
            .query_row([], |row| row.get(0))?;
        db.prepare_cached("INSERT INTO search_units (id, first, last, part) VALUES (?1, ?2, ?3, ?4)")?
            .execute((id, contents.first, contents.last, part))?;
        db.prepare_cached("INSERT INTO search_signatures (unit, bits) VALUES (?1, ?2)")?
            .execute((id, self.signature.to_bytes()))?;
        Ok(id)
    }
}

/// The contents of a unit, by their ids.
#[derive(Clone, Copy)]
pub(super) struct Contents {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Contents {
    /// Late ones: `search_late` says which.
    pub(super) const LATE: Self = Self { first: 0, last: -1 };

    pub(super) fn one(content: ContentId) -> Self {
        Self { first: content.0, last: content.0 }
    }
}

/// The pieces of a text that is too long for one unit; they overlap, so that whatever is asked for stands in one of them.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    loop {
        let end = text.floor_char_boundary(start + PIECE_BYTES);
        pieces.push(&text[start..end]);
        if end == text.len() {
            return pieces;
        }
        start = text.floor_char_boundary(end - PROBED);
    }
}

/// Whether a text has units of its own.
pub(super) fn is_long(text: &str) -> bool {
    text.len() > PIECE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_long_text_overlap_by_what_is_asked_for() {
        let text: String = (0..4_000).map(|n| char::from_u32(0x4e00 + n % 20_000).unwrap()).collect();
        let pieces = pieces(&text);
        assert!(pieces.len() > 1);
        let offset = |piece: &str| piece.as_ptr() as usize - text.as_ptr() as usize;
        for two in pieces.windows(2) {
            assert!(offset(two[0]) + two[0].len() >= offset(two[1]) + PROBED);
        }
        let last = pieces.last().unwrap();
        assert_eq!(offset(last) + last.len(), text.len());
        assert_eq!(super::pieces("short"), ["short"]);
    }
}
