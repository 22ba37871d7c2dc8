//! The lists and texts of a record: contents interned, lists coded, and who keeps which content alive.

use super::commit::Committer;
use crate::{encode::context_list, error::Result};
use rusqlite::Transaction;
use std::{collections::HashSet, hash::Hash};
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
        let is_compared = matches!(value.purpose, Purpose::Input | Purpose::System | Purpose::Definitions);
        if !is_compared || list.len() > context_list::LONGEST {
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
        note_uses(tx, record, &of_these(met_before, coded.literals))?;
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

/// The ids of a list that are in another one too.
fn of_these<Id: Eq + Hash>(mut list: Vec<Id>, others: Vec<Id>) -> Vec<Id> {
    let others: HashSet<Id> = others.into_iter().collect();
    list.retain(|id| others.contains(id));
    list
}

/// Notes that a record uses contents which were in the store before.
fn note_uses(tx: &Transaction<'_>, record: RecordId, contents: &[ContentId]) -> Result<()> {
    let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO uses (content, record) VALUES (?1, ?2)")?;
    for content in contents {
        insert.execute((content.0, record.0))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema, step_count::StepCount};
    use std::cell::Cell;
    use turnscope_model::Item;

    /// A list of so many different messages.
    fn list(count: usize) -> Value {
        let item = |n| {
            let bytes = format!("message {n} of a list that is sent again and again").into_bytes();
            Item { at: 0, hash: ContentHash::of(Form::Text, &bytes), bytes: bytes.into() }
        };
        let items = (0..count).map(item).collect();
        Value { form: Form::Text, purpose: Purpose::Input, envelope: Vec::new(), items }
    }

    /// The steps that SQLite takes to write a list again that has no base list.
    fn steps_again(count: usize) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let mut db = schema::open_writer(&directory.path().join(schema::FILE)).unwrap();
        let mut committer = Committer::new(&db).unwrap();
        let steps = StepCount::of(&mut db);
        let tx = db.transaction().unwrap();
        let value = list(count);
        committer.list(&tx, None, RecordId(1), 0, &value).unwrap();
        let before = steps.get();
        committer.list(&tx, None, RecordId(2), 0, &value).unwrap();
        let uses: usize =
            tx.query_row("SELECT count(*) FROM uses WHERE record = 2", [], |row| row.get(0)).unwrap();
        assert_eq!(uses, count, "the second record keeps every message alive");
        steps.get() - before
    }

    #[test]
    fn a_list_of_known_items_without_a_base_list_takes_linear_work() {
        let (once, twice) = (steps_again(1000), steps_again(2000));
        assert!(twice < once * 5 / 2, "{once} steps for 1000 items, {twice} for 2000");
    }

    thread_local!(static COMPARED: Cell<u64> = const { Cell::new(0) });

    /// An id that counts how often it is compared.
    struct Counted(u32);

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted {}

    impl Hash for Counted {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    #[test]
    fn each_id_of_a_list_is_looked_for_once_among_the_others() {
        let ids = |range: std::ops::Range<u32>| range.map(Counted).collect::<Vec<_>>();
        let found = of_these(ids(0..20_000), ids(10_000..30_000));
        assert!(found.iter().map(|id| id.0).eq(10_000..20_000));
        assert!(COMPARED.get() < 100_000, "{} comparisons", COMPARED.get());
    }
}
