//! One trace group whole: its records, and what the projection makes of them. Read without any body.

use super::SqliteReader;
use crate::{
    error::Result,
    groups::{load_members, members},
};
use std::sync::Arc;
use turnscope_model::TraceGroupId;
use turnscope_project::TraceGroup;

impl SqliteReader<'_> {
    /// A trace group with those that it is projected with.
    pub(super) fn load_group(&mut self, group: TraceGroupId) -> Result<Arc<TraceGroup>> {
        self.check()?;
        let cache = self.readers().groups.clone();
        let open = self.open()?;
        let (db, blocks) = (&open.db, &mut open.blocks);
        let members = members(db, group)?;
        let read = cache.get(db, &members, || load_members(db, blocks, &members));
        if let Err(error) = &read
            && error.is_damage()
        {
            self.readers().damage().note(format!("trace group {group}"), error.to_string());
        }
        read
    }
}
