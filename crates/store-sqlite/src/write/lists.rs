//! The lists and texts of a record: contents interned, lists coded, and who keeps which content alive.

use super::commit::Committer;
use crate::{encode::context_list, error::Result};
use rusqlite::Transaction;
use std::collections::HashSet;
use turnscope_model::{ContentHash, ContentId, Form, Purpose, RecordId, TraceGroupId, Value};

impl Committer {
    /// Interns the items of one slot. Gives their ids where they are to be kept in the body; lists that are sent again
    /// and compared go to `contexts`.
    pub(super) fn list(
        &mut self,
        tx: &Transaction<'_>,
        group: Option<TraceGroupId>,
        record: RecordId,
        slot: u32,
        value: &Value,
    ) -> Result<Option<Vec<ContentId>>> {
        let mut list = Vec::with_capacity(value.items.len());
        let mut met_before = Vec::new();
        for item in &value.items {
            let bytes = &item.bytes[..];
            let (form, purpose) = (value.form, value.purpose);
            let interned =
                self.interner.intern(tx, &mut self.packer, item.hash, form, purpose, bytes, record)?;
            if !interned.is_new {
                met_before.push(interned.id);
            }
            list.push(interned.id);
        }
        if !matches!(value.purpose, Purpose::Input | Purpose::System | Purpose::Definitions) {
            note_uses(tx, record, &met_before)?;
            return Ok(Some(list));
        }
        let base = group.and_then(|group| self.recent_lists.find(group, value.purpose, &list));
        let coded = context_list::encode(&list, base.map_or(&[], |base| &base.list));
        let base = base.filter(|_| coded.literals.len() < list.len());
        tx.prepare_cached(
            "INSERT INTO contexts (record, slot, purpose, base_record, base_slot, ops) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            record.0,
            slot,
            value.purpose as u8,
            base.map(|base| base.record.0),
            base.map(|base| base.slot),
            coded.ops,
        ))?;
        if let Some(base) = base.filter(|base| Some(base.group) != group) {
            tx.prepare_cached("INSERT INTO foreign_bases (base_record, record, slot) VALUES (?1, ?2, ?3)")?
                .execute((base.record.0, record.0, slot))?;
        }
        // The base list keeps alive what it has.
        let literals: HashSet<ContentId> = coded.literals.into_iter().collect();
        met_before.retain(|id| literals.contains(id));
        note_uses(tx, record, &met_before)?;
        if let Some(group) = group {
            self.recent_lists.remember(group, value.purpose, record, slot, list);
        }
        Ok(None)
    }

    /// Keeps a fact's text as a content: the same question stands on every call of a run, and errors are searched.
    pub(super) fn text(
        &mut self,
        tx: &Transaction<'_>,
        group: Option<TraceGroupId>,
        record: RecordId,
        purpose: Purpose,
        text: Option<&str>,
    ) -> Result<Option<ContentId>> {
        let Some(text) = text else { return Ok(None) };
        let hash = ContentHash::of(Form::Text, text.as_bytes());
        let (packer, bytes) = (&mut self.packer, text.as_bytes());
        let interned = self.interner.intern(tx, packer, hash, Form::Text, purpose, bytes, record)?;
        // Records without a group are told apart by their own, negative, number.
        let met_by = group.map_or(-record.0, |group| group.0);
        let met = self.previews.put((met_by, interned.id), ()).is_some();
        if !interned.is_new && !met {
            note_uses(tx, record, &[interned.id])?;
        }
        Ok(Some(interned.id))
    }
}

/// Notes that a record uses contents which were in the store before.
fn note_uses(tx: &Transaction<'_>, record: RecordId, contents: &[ContentId]) -> Result<()> {
    let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?;
    for content in contents {
        insert.execute((content.0, record.0))?;
    }
    Ok(())
}
