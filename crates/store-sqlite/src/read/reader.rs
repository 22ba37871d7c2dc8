//! Readers: connections within a read transaction, kept open for the next question.

use super::{functions, group_cache::GroupCache, lists::Lists};
use crate::{
    blocks::Blocks,
    damage::DamageLog,
    error::{Result, StoreError},
    gate::Entered,
    isolate::lock,
    progress::Progress,
    schema,
};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use turnscope_model::{ContentId, MetricId, RecordId, RunId, Score, SpanId, TraceGroupId, TraceId};
use turnscope_project::TraceGroup;
use turnscope_query::{
    AgedGroup, FigureKey, Figures, FiguresQuery, Found, GroupBy, Moment, Run, RunFilter, RunLink, RunPage,
    RunPageQuery, SearchPage, SearchQuery, Session, SessionCursor, SessionPage, StoreSize, TraceCursor,
    TracePage, UnpricedModel, ValueCursor, ValuePage,
};
use turnscope_store::{
    ContextList, LooseRecords, ReadLimit, Reader, StoredBody, StoredContent, StoredMetric, TextOf, Unreadable,
};

/// Connections kept open; more are opened when all are busy.
const IDLE: usize = 4;
/// SQLite's steps between two looks at the limit of a question: about a tenth of a millisecond.
const STEPS: std::ffi::c_int = 10_000;

/// The readers of a store.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Open>>,
    pub(crate) groups: GroupCache,
    pub(super) text_of: Option<TextOf>,
    progress: Arc<Progress>,
}

/// An open connection with its caches.
pub(crate) struct Open {
    pub(crate) db: Connection,
    pub(crate) blocks: Blocks,
    /// Lists decoded for this question: those of the next turn are coded against them.
    pub(crate) lists: Lists,
}

impl Open {
    fn new(path: &Path) -> Result<Self> {
        let db = schema::open_reader(path)?;
        functions::add(&db)?;
        Ok(Self { db, blocks: Blocks::new(), lists: Lists::default() })
    }
}

/// A view of the store for one question.
pub(crate) struct SqliteReader<'a> {
    pub(super) open: Option<Open>,
    readers: &'a Readers,
    limit: ReadLimit,
    /// After the connection, so that its transaction has ended when the view is no longer counted.
    _entered: Entered<'a>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, text_of: Option<TextOf>, progress: Arc<Progress>) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), groups: GroupCache::default(), text_of, progress }
    }

    /// Opens a view.
    pub(crate) fn reader(&self, limit: &ReadLimit) -> Result<SqliteReader<'_>> {
        let entered = self.progress.views.enter();
        let idle = lock(&self.idle).pop();
        let mut open = match idle {
            Some(open) => open,
            None => Open::new(&self.path)?,
        };
        let watched = limit.clone();
        open.db.progress_handler(STEPS, Some(move || watched.is_over()))?;
        open.db.execute_batch("BEGIN")?;
        open.blocks.refresh(&open.db)?;
        Ok(SqliteReader { open: Some(open), readers: self, limit: limit.clone(), _entered: entered })
    }

    pub(crate) fn damage(&self) -> &DamageLog {
        &self.progress.damage
    }
}

impl SqliteReader<'_> {
    pub(super) fn open(&mut self) -> Result<&mut Open> {
        if self.limit.is_over() {
            return Err(StoreError::Interrupted.into());
        }
        self.open.as_mut().ok_or_else(|| StoreError::Closed.into())
    }

    pub(super) fn db(&mut self) -> Result<&Connection> {
        self.open().map(|open| &open.db)
    }

    pub(super) fn readers(&self) -> &Readers {
        self.readers
    }

    /// Ends the question when it has gone over its limit: to be asked between two pieces of work outside SQLite.
    pub(super) fn check(&self) -> Result<()> {
        if self.limit.is_over() { Err(StoreError::Interrupted.into()) } else { Ok(()) }
    }
}

impl Drop for SqliteReader<'_> {
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        // A connection on which this fails is not used again.
        let ended = open
            .db
            .progress_handler(0, None::<fn() -> bool>)
            .and_then(|()| open.db.execute_batch(if open.db.is_autocommit() { "" } else { "COMMIT" }));
        if ended.is_err() || std::thread::panicking() {
            return;
        }
        open.lists.clear();
        let mut idle = lock(&self.readers.idle);
        if idle.len() < IDLE {
            idle.push(open);
        }
    }
}

/// Each question has its own file; here they only meet the boundary's error type.
impl Reader for SqliteReader<'_> {
    fn run(&mut self, id: RunId) -> std::result::Result<Option<Run>, StoreError> {
        Ok(self.find_by_id(id)?)
    }
    fn runs_by_id(&mut self, ids: &[RunId]) -> std::result::Result<Vec<Run>, StoreError> {
        Ok(self.exact_runs(ids)?)
    }
    fn find_run(&mut self, text: &str, prefixes: bool) -> std::result::Result<Found, StoreError> {
        Ok(self.find_by_text(text, prefixes)?)
    }
    fn runs(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
    ) -> std::result::Result<RunPage, StoreError> {
        Ok(self.run_page(filter, page, moment)?)
    }
    fn descendants(&mut self, run: &Run) -> std::result::Result<Vec<Run>, StoreError> {
        Ok(self.runs_below(run)?)
    }
    fn scores(&mut self, runs: &[RunId]) -> std::result::Result<Vec<Score>, StoreError> {
        Ok(self.scores_of(runs)?)
    }
    fn links(&mut self, run: &Run) -> std::result::Result<Vec<RunLink>, StoreError> {
        Ok(self.links_of(run)?)
    }
    fn figures(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
    ) -> std::result::Result<BTreeMap<FigureKey, Figures>, StoreError> {
        Ok(self.figures_by_group(query, moment)?)
    }
    fn time_range(
        &mut self,
        filter: &RunFilter,
        moment: Moment,
    ) -> std::result::Result<Option<(i64, i64)>, StoreError> {
        Ok(self.starts_range(filter, moment)?)
    }
    fn values(
        &mut self,
        of: GroupBy,
        prefix: &str,
        after: Option<&ValueCursor>,
        limit: u32,
    ) -> std::result::Result<ValuePage, StoreError> {
        Ok(self.value_page(of, prefix, after, limit)?)
    }
    fn sessions(
        &mut self,
        user: Option<&str>,
        after: Option<&SessionCursor>,
        limit: u32,
        offset: u32,
    ) -> std::result::Result<SessionPage, StoreError> {
        Ok(self.session_page(user, after, limit, offset)?)
    }
    fn session(&mut self, id: &str) -> std::result::Result<Option<Session>, StoreError> {
        Ok(self.one_session(id)?)
    }
    fn traces(
        &mut self,
        after: Option<&TraceCursor>,
        limit: u32,
    ) -> std::result::Result<TracePage, StoreError> {
        Ok(self.trace_page(after, limit)?)
    }
    fn search(&mut self, query: &SearchQuery, moment: Moment) -> std::result::Result<SearchPage, StoreError> {
        Ok(self.search_page(query, moment)?)
    }
    fn unpriced_models(&mut self) -> std::result::Result<Vec<UnpricedModel>, StoreError> {
        Ok(self.models_without_price()?)
    }
    fn group_of_trace(&mut self, trace: TraceId) -> std::result::Result<Option<TraceGroupId>, StoreError> {
        Ok(self.group_that_holds(trace)?)
    }
    fn group(&mut self, group: TraceGroupId) -> std::result::Result<Arc<TraceGroup>, StoreError> {
        Ok(self.load_group(group)?)
    }
    fn spans(
        &mut self,
        spans: &[(TraceId, SpanId)],
    ) -> std::result::Result<Vec<Option<RecordId>>, StoreError> {
        Ok(self.records_of_spans(spans)?)
    }
    fn bodies(
        &mut self,
        records: &[RecordId],
    ) -> std::result::Result<Vec<std::result::Result<StoredBody, Unreadable>>, StoreError> {
        Ok(self.stored_bodies(records)?)
    }
    fn contents(
        &mut self,
        contents: &[ContentId],
    ) -> std::result::Result<Vec<std::result::Result<StoredContent, Unreadable>>, StoreError> {
        Ok(self.stored_contents(contents)?)
    }
    fn contexts(&mut self, records: &[RecordId]) -> std::result::Result<Vec<ContextList>, StoreError> {
        Ok(self.context_lists(records)?)
    }
    fn groups(
        &mut self,
        above: TraceGroupId,
        limit: u32,
    ) -> std::result::Result<Vec<TraceGroupId>, StoreError> {
        Ok(self.groups_above(above, limit)?)
    }
    fn matching(
        &mut self,
        runs: &[RunId],
        filter: &RunFilter,
        moment: Moment,
    ) -> std::result::Result<HashSet<RunId>, StoreError> {
        Ok(self.those_matching(runs, filter, moment)?)
    }
    fn aged_groups(
        &mut self,
        after: (i64, TraceGroupId),
        before: i64,
        limit: u32,
    ) -> std::result::Result<Vec<AgedGroup>, StoreError> {
        Ok(self.aged(after, before, limit)?)
    }
    fn loose_records(&mut self, above: RecordId) -> std::result::Result<LooseRecords, StoreError> {
        Ok(self.loose_records_above(above)?)
    }
    fn metrics(&mut self, above: MetricId, limit: u32) -> std::result::Result<Vec<StoredMetric>, StoreError> {
        Ok(self.metrics_above(above, limit)?)
    }
    fn size(&mut self) -> std::result::Result<StoreSize, StoreError> {
        Ok(self.store_size()?)
    }
    fn bytes(&mut self) -> std::result::Result<(u64, u64), StoreError> {
        Ok(schema::size(self.db()?)?)
    }
}
