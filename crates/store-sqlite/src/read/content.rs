//! Reads bodies and lists back, exactly as they were sent.

use super::{SqliteReader, lists::Lists};
use crate::{
    blocks::{BlockId, Blocks, Location},
    encode::record_body,
    error::{Error, Result},
    schema::stored,
};
use rusqlite::{Connection, OptionalExtension as _};
use std::{collections::HashMap, sync::Arc};
use turnscope_model::{Body, ContentHash, ContentId, Purpose, RecordId};
use turnscope_store::{ContextList, StoredBody, StoredContent, Unreadable};

impl SqliteReader<'_> {
    /// What these records were sent with, each for itself.
    pub(super) fn stored_bodies(
        &mut self,
        records: &[RecordId],
    ) -> Result<Vec<std::result::Result<StoredBody, Unreadable>>> {
        let mut origins = HashMap::new();
        records
            .iter()
            .map(|record| {
                let open = self.open()?;
                let read = stored_body(&open.db, &mut open.blocks, &mut open.lists, &mut origins, *record);
                self.each(&format!("record {record}"), read)
            })
            .collect()
    }

    /// These contents, each for itself.
    pub(super) fn stored_contents(
        &mut self,
        contents: &[ContentId],
    ) -> Result<Vec<std::result::Result<StoredContent, Unreadable>>> {
        contents
            .iter()
            .map(|id| {
                let open = self.open()?;
                let read = stored_content(&open.db, &mut open.blocks, *id);
                self.each(&format!("content {id}"), read)
            })
            .collect()
    }

    /// The lists that these records carry.
    pub(super) fn context_lists(&mut self, records: &[RecordId]) -> Result<Vec<ContextList>> {
        let mut found = Vec::new();
        for &record in records {
            let open = self.open()?;
            let slots: Vec<(u32, u8)> = open
                .db
                .prepare_cached("SELECT slot, purpose FROM contexts WHERE record = ?1 ORDER BY slot")?
                .query_map([record.0], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            for (slot, purpose) in slots {
                let contents = open.lists.read(&open.db, record, slot)?;
                let purpose = Purpose::from_u8(purpose).unwrap_or(Purpose::Other);
                found.push(ContextList { record, purpose, contents });
            }
        }
        Ok(found)
    }

    /// What one item of a batched read came to: damage costs that item, any other failure the question.
    pub(super) fn each<T>(
        &self,
        place: &str,
        read: Result<Option<T>>,
    ) -> Result<std::result::Result<T, Unreadable>> {
        match read {
            Ok(Some(read)) => Ok(Ok(read)),
            Ok(None) => Ok(Err(Unreadable::Gone)),
            Err(error) if error.is_damage() => {
                self.readers().damage().note(place, error.to_string());
                Ok(Err(Unreadable::Damaged(format!("{place} cannot be read: {error}"))))
            }
            Err(error) => Err(error),
        }
    }
}

fn stored_body(
    db: &Connection,
    blocks: &mut Blocks,
    lists: &mut Lists,
    origins: &mut HashMap<i64, Arc<[u8]>>,
    record: RecordId,
) -> Result<Option<StoredBody>> {
    let found: Option<i64> = db
        .prepare_cached("SELECT origin FROM records WHERE id = ?1")?
        .query_row([record.0], |row| row.get(0))
        .optional()?;
    let Some(origin) = found else { return Ok(None) };
    let body = body(db, blocks, lists, record)?;
    let origin = if let Some(known) = origins.get(&origin) {
        Arc::clone(known)
    } else {
        let bytes: Vec<u8> = db
            .prepare_cached("SELECT bytes FROM origins WHERE id = ?1")?
            .query_row([origin], |row| row.get(0))?;
        origins.entry(origin).or_insert(bytes.into()).clone()
    };
    Ok(Some(StoredBody { body, origin }))
}

fn stored_content(db: &Connection, blocks: &mut Blocks, id: ContentId) -> Result<Option<StoredContent>> {
    let form: Option<u32> = db
        .prepare_cached("SELECT form FROM contents WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let Some(form) = form else { return Ok(None) };
    let (form, _) = stored::form_and_purpose(id, form)?;
    let (hash, bytes) = content(db, blocks, id)?;
    // Damage in blocks of before checksums shows here.
    if ContentHash::of(form, &bytes) != hash {
        return Err(Error::damaged(format!("content {id} is not what was sent")));
    }
    Ok(Some(StoredContent { hash, form, bytes }))
}

/// The body of one record, put together again.
pub(crate) fn body(
    db: &Connection,
    blocks: &mut Blocks,
    lists: &mut Lists,
    record: RecordId,
) -> Result<Body> {
    let location = db
        .prepare_cached("SELECT block, off, len FROM records WHERE id = ?1")?
        .query_row([record.0], |row| Location::from_row(row, 0))?;
    if location.block == BlockId::NONE {
        return Ok(Body::default());
    }
    let (slots, bytes) = read_body(&blocks.read(db, location)?, record)?;
    let mut values = Vec::with_capacity(slots.len());
    for (number, slot) in (0..).zip(&slots) {
        let ids = match &slot.inline {
            Some(ids) => ids.clone(),
            None => lists.read(db, record, number)?,
        };
        let items = ids.iter().map(|id| content(db, blocks, *id)).collect::<Result<Vec<_>>>()?;
        values.push(slot.fill(items.iter().map(|(hash, bytes)| (*hash, &bytes[..]))));
    }
    Ok(Body { bytes, values })
}

fn read_body(bytes: &[u8], record: RecordId) -> Result<(Vec<record_body::Slot>, Vec<u8>)> {
    record_body::read(bytes).ok_or_else(|| Error::damaged(format!("the body of record {record}")))
}

/// The contents that a record's body keeps by itself.
pub(crate) fn inline(
    db: &Connection,
    blocks: &mut Blocks,
    record: RecordId,
    location: Location,
) -> Result<Vec<ContentId>> {
    if location.block == BlockId::NONE {
        return Ok(Vec::new());
    }
    let (slots, _) = read_body(&blocks.read(db, location)?, record)?;
    Ok(slots.into_iter().filter_map(|slot| slot.inline).flatten().collect())
}

/// One content and its hash.
pub(crate) fn content(db: &Connection, blocks: &mut Blocks, id: ContentId) -> Result<(ContentHash, Vec<u8>)> {
    let found: Option<(i64, i64, Location)> = db
        .prepare_cached("SELECT hash1, hash2, block, off, len FROM contents WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, Location::from_row(row, 2)?)))
        .optional()?;
    let (hash1, hash2, location) = found.ok_or_else(|| Error::damaged(format!("content {id} is missing")))?;
    Ok((stored::hash_of(hash1, hash2), blocks.read(db, location)?))
}
