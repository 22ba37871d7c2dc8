//! Reads records whole, as they were handed to the store.

use super::{Lists, body, content};
use crate::{
    blocks::Blocks,
    encode::facts_row,
    error::{Error, Result},
    groups::record_facts,
    schema::{sql_value::unix_nanos, stored::role},
};
use rusqlite::Connection;
use std::{collections::HashMap, sync::Arc};
use turnscope_model::{
    ContentHash, ContentId, GroupKey, Origin, Record, RecordId, Role, SpanId, TraceGroupId,
};

/// Origins kept: more than most stores have.
const ORIGINS: usize = 4096;

/// Reads one record after the other; what they share is read once.
pub(crate) struct StoredRecords {
    blocks: Blocks,
    lists: Lists,
    origins: HashMap<i64, Arc<Origin>>,
}

impl Default for StoredRecords {
    fn default() -> Self {
        Self { blocks: Blocks::new(), lists: Lists::default(), origins: HashMap::new() }
    }
}

impl StoredRecords {
    /// Forgets what another transaction may have changed.
    pub(crate) fn refresh(&mut self, db: &Connection) -> Result<()> {
        self.lists.clear();
        self.blocks.refresh(db)
    }

    /// A record as it was handed to the store.
    pub(crate) fn read(&mut self, db: &Connection, id: RecordId) -> Result<Record> {
        let mut statement = db.prepare_cached(
            "SELECT trace_group, trace, span, parent, role, kind, start, dur, status, origin, facts
             FROM records WHERE id = ?1",
        )?;
        let mut rows = statement.query([id.0])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let kind = record_facts::kind(row.get(5)?);
        let (mut facts, companions) = facts_row::decode(&row.get::<_, Vec<u8>>(10)?, kind)
            .map_err(|error| Error::damaged(format!("its facts: {error}")))?;
        facts.input_text = self.text(db, companions.input_text);
        facts.output_text = self.text(db, companions.output_text);
        let (stored_role, start, dur): (u32, i64, Option<i64>) = (row.get(4)?, row.get(6)?, row.get(7)?);
        let key = |id: Option<i64>| -> Result<GroupKey> {
            id.map_or(Ok(GroupKey::None), |id| record_facts::group_key(db, TraceGroupId(id)))
        };
        let trace_id = match key(row.get(1)?)? {
            GroupKey::Trace(trace) => Some(trace),
            _ => None,
        };
        Ok(Record {
            role: match stored_role & role::MASK {
                role::OPEN => Role::Open,
                role::LOG => Role::Log,
                role::EVENT => {
                    let (key, parent) = companions.event.unwrap_or_default();
                    Role::Event { key, parent }
                }
                _ => Role::Span,
            },
            trace_id,
            span_id: row.get::<_, Option<i64>>(2)?.and_then(SpanId::from_i64),
            parent_span_id: row.get::<_, Option<i64>>(3)?.and_then(SpanId::from_i64),
            remote_parent: stored_role & role::REMOTE_PARENT != 0,
            group: key(row.get(0)?)?,
            start: unix_nanos(start),
            end: dur.map(|dur| unix_nanos(start.saturating_add(dur))),
            status: record_facts::status(row.get(8)?),
            facts,
            origin: self.origin(db, row.get(9)?)?,
            body: body(db, &mut self.blocks, &mut self.lists, id)?,
        })
    }

    fn text(&mut self, db: &Connection, id: Option<ContentId>) -> Option<String> {
        let (_, bytes) = content(db, &mut self.blocks, id?).ok()?;
        String::from_utf8(bytes).ok()
    }

    /// The resource and scope with this number.
    pub(crate) fn origin(&mut self, db: &Connection, id: i64) -> Result<Arc<Origin>> {
        if let Some(origin) = self.origins.get(&id) {
            return Ok(Arc::clone(origin));
        }
        let (hash, service_name, scope_name, bytes): (Vec<u8>, String, String, Vec<u8>) = db
            .prepare_cached("SELECT hash, service, scope, bytes FROM origins WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let hash = ContentHash::from_bytes(&hash).ok_or_else(|| Error::damaged(format!("origin {id}")))?;
        let origin = Arc::new(Origin { service_name, scope_name, hash, bytes });
        if self.origins.len() >= ORIGINS {
            self.origins.clear();
        }
        self.origins.insert(id, Arc::clone(&origin));
        Ok(origin)
    }
}
