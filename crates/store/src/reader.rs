//! Questions to a store, answered from one consistent view.

use crate::{StoreError, Unreadable};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use turnscope_model::{
    Body, ContentHash, ContentId, Form, MetricId, Purpose, RecordId, RunId, Score, SpanId, TraceGroupId,
    TraceId,
};
use turnscope_project::{RecordFacts, TraceGroup};
use turnscope_query::{
    AgedGroup, FigureKey, Figures, FiguresQuery, Found, GroupBy, Moment, Run, RunFilter, RunLink, RunPage,
    RunPageQuery, SearchPage, SearchQuery, Session, SessionCursor, SessionPage, StoreSize, TraceCursor,
    TracePage, UnpricedModel, ValueCursor, ValuePage,
};

/// What a record was sent with.
#[derive(Clone, Debug)]
pub struct StoredBody {
    /// The record's exact content.
    pub body: Body,
    /// Its resource and scope: a protobuf `ResourceSpans` without spans.
    pub origin: Arc<[u8]>,
}

/// One content as it was sent.
#[derive(Clone, Debug)]
pub struct StoredContent {
    /// Its hash, a message's `id`.
    pub hash: ContentHash,
    /// How it is written.
    pub form: Form,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One metric of one request, exactly as received.
#[derive(Clone, Debug)]
pub struct StoredMetric {
    /// Its number: they grow in the order of receipt.
    pub id: MetricId,
    /// The encoded `Metric`, or why it cannot be read.
    pub bytes: Result<Vec<u8>, Unreadable>,
    /// Its resource and scope: a protobuf `ResourceSpans` without spans.
    pub origin: Arc<[u8]>,
}

/// Some of the records that belong to no trace group.
#[derive(Debug, Default)]
pub struct LooseRecords {
    /// The records, in the order of receipt; of a damaged one, why it cannot be read.
    pub records: Vec<Result<RecordFacts, Unreadable>>,
    /// The last record that was looked at; `None`: all were.
    pub looked_to: Option<RecordId>,
}

/// One list of contents that a record carries: the messages, system prompt or tool definitions of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextList {
    /// The record.
    pub record: RecordId,
    /// What the list is for.
    pub purpose: Purpose,
    /// The contents, in order.
    pub contents: Vec<ContentId>,
}

/// Answers questions from a consistent view of a store. Dropping it ends the view: none is to be held while waiting for
/// anything else.
pub trait Reader {
    /// The run with this id. The `<trace>-<span>` of any span means the run that the span now belongs to.
    fn run(&mut self, id: RunId) -> Result<Option<Run>, StoreError>;

    /// The runs with exactly these ids, in any order; ids without a run are left out.
    fn runs_by_id(&mut self, ids: &[RunId]) -> Result<Vec<Run>, StoreError>;

    /// The run that a text means: a run id, a bare trace id, the application's own id or, with `prefixes`, an
    /// unambiguous beginning of a run id.
    fn find_run(&mut self, text: &str, prefixes: bool) -> Result<Found, StoreError>;

    /// One page of the runs that match a filter, with totals, scores, tags and links.
    fn runs(
        &mut self,
        filter: &RunFilter,
        page: &RunPageQuery,
        moment: Moment,
    ) -> Result<RunPage, StoreError>;

    /// The runs below this one, all levels, by start.
    fn descendants(&mut self, run: &Run) -> Result<Vec<Run>, StoreError>;

    /// The scores of these runs, of their turns and of their steps, oldest first.
    fn scores(&mut self, runs: &[RunId]) -> Result<Vec<Score>, StoreError>;

    /// The runs before and after this one, by span links. Spans that were never received lead nowhere.
    fn links(&mut self, run: &Run) -> Result<Vec<RunLink>, StoreError>;

    /// Figures of the runs that match a filter, by group and bucket of time.
    fn figures(
        &mut self,
        query: &FiguresQuery,
        moment: Moment,
    ) -> Result<BTreeMap<FigureKey, Figures>, StoreError>;

    /// When the first and the last of the matching runs began, in nanoseconds since the epoch.
    fn time_range(&mut self, filter: &RunFilter, moment: Moment) -> Result<Option<(i64, i64)>, StoreError>;

    /// The values that a grouping can take, most frequent first, with how many runs have each. Runs that come between
    /// two pages leave the order as it was.
    fn values(
        &mut self,
        of: GroupBy,
        prefix: &str,
        after: Option<&ValueCursor>,
        limit: u32,
    ) -> Result<ValuePage, StoreError>;

    /// Sessions, the one with the latest run first. Runs that come between two pages leave the order as it was.
    fn sessions(
        &mut self,
        user: Option<&str>,
        after: Option<&SessionCursor>,
        limit: u32,
        offset: u32,
    ) -> Result<SessionPage, StoreError>;

    /// One session, with what its runs sum up to; `None` when no run is in it, or one that is cannot be read.
    fn session(&mut self, id: &str) -> Result<Option<Session>, StoreError>;

    /// Traces of any kind, newest first.
    fn traces(&mut self, after: Option<&TraceCursor>, limit: u32) -> Result<TracePage, StoreError>;

    /// The newest contents that hold all words and phrases, as `turnscope_query::TextQuery` says.
    fn search(&mut self, query: &SearchQuery, moment: Moment) -> Result<SearchPage, StoreError>;

    /// Models that calls without a price went to, those with the most such calls first.
    fn unpriced_models(&mut self) -> Result<Vec<UnpricedModel>, StoreError>;

    /// The trace group that a trace is projected with.
    fn group_of_trace(&mut self, trace: TraceId) -> Result<Option<TraceGroupId>, StoreError>;

    /// A trace group: its records, without bodies, and the runs, turns and steps they make.
    fn group(&mut self, group: TraceGroupId) -> Result<Arc<TraceGroup>, StoreError>;

    /// The records of these spans, in the same order.
    fn spans(&mut self, spans: &[(TraceId, SpanId)]) -> Result<Vec<Option<RecordId>>, StoreError>;

    /// What these records were sent with, in the same order.
    fn bodies(&mut self, records: &[RecordId]) -> Result<Vec<Result<StoredBody, Unreadable>>, StoreError>;

    /// These contents, in the same order.
    fn contents(
        &mut self,
        contents: &[ContentId],
    ) -> Result<Vec<Result<StoredContent, Unreadable>>, StoreError>;

    /// The lists that these records carry, in the order of the records.
    fn contexts(&mut self, records: &[RecordId]) -> Result<Vec<ContextList>, StoreError>;

    /// The trace groups above this number, in order. Of those that are projected together, the leader stands for all.
    fn groups(&mut self, above: TraceGroupId, limit: u32) -> Result<Vec<TraceGroupId>, StoreError>;

    /// Of these runs, those that match a filter.
    fn matching(
        &mut self,
        runs: &[RunId],
        filter: &RunFilter,
        moment: Moment,
    ) -> Result<HashSet<RunId>, StoreError>;

    /// Trace groups with those that they are projected with, by when their leaders were received: those after this place that
    /// were received before this time, in milliseconds since the epoch.
    fn aged_groups(
        &mut self,
        after: (i64, TraceGroupId),
        before: i64,
        limit: u32,
    ) -> Result<Vec<AgedGroup>, StoreError>;

    /// Records above this number that belong to no trace group: as many as are found in a bounded time.
    fn loose_records(&mut self, above: RecordId) -> Result<LooseRecords, StoreError>;

    /// The metrics above this number, in order.
    fn metrics(&mut self, above: MetricId, limit: u32) -> Result<Vec<StoredMetric>, StoreError>;

    /// How large the store is, and what it holds. This may look at every row.
    fn size(&mut self) -> Result<StoreSize, StoreError>;

    /// Bytes in use, and bytes free within the store; cheap.
    fn bytes(&mut self) -> Result<(u64, u64), StoreError>;
}
