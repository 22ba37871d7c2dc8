//! A store that counts the views that are opened, and holds questions up while a test says so.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use turnscope_model::{RunId, Score, TraceGroupId};
use turnscope_query::{NewScore, Pruned, ScoreChange};
use turnscope_store::{
    Batch, ChangeListener, CommitReply, CommitToken, Counters, Health, Maintenance, Pricing, ReadLimit,
    Reader, Store, StoreError,
};
use turnscope_store_sqlite::SqliteStore;

/// See the module.
pub(super) struct WatchedStore {
    inner: SqliteStore,
    opened: AtomicUsize,
    interrupted: AtomicUsize,
    held: AtomicBool,
}

impl WatchedStore {
    pub(super) fn new(inner: SqliteStore) -> Self {
        Self { inner, opened: AtomicUsize::new(0), interrupted: AtomicUsize::new(0), held: false.into() }
    }

    /// Views opened so far.
    pub(super) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// Questions that ended because nobody waited for the answer.
    pub(super) fn interrupted(&self) -> usize {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Whether a question takes for ever.
    pub(super) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }
}

impl Store for WatchedStore {
    fn commit(&self, batch: Batch, reply: CommitReply) {
        self.inner.commit(batch, reply);
    }

    fn reader(&self, limit: &ReadLimit) -> Result<Box<dyn Reader + '_>, StoreError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        while self.held.load(Ordering::SeqCst) {
            if limit.is_over() {
                self.interrupted.fetch_add(1, Ordering::SeqCst);
                return Err(StoreError::Interrupted);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inner.reader(limit)
    }

    fn newest_commit(&self) -> CommitToken {
        self.inner.newest_commit()
    }

    fn can_read(&self, token: CommitToken) -> bool {
        self.inner.can_read(token)
    }

    fn can_read_all_to(&self, token: CommitToken) -> bool {
        self.inner.can_read_all_to(token)
    }

    fn lag(&self) -> Duration {
        self.inner.lag()
    }

    fn bring_up_to_date(&self, group: TraceGroupId) -> Result<(), StoreError> {
        self.inner.bring_up_to_date(group)
    }

    fn end_maintenance(&self) {
        self.inner.end_maintenance();
    }

    fn watch(&self, listener: ChangeListener) {
        self.inner.watch(listener);
    }

    fn add_score(&self, score: NewScore) -> Result<Option<Score>, StoreError> {
        self.inner.add_score(score)
    }

    fn change_score(&self, score_id: &str, change: ScoreChange) -> Result<Option<Score>, StoreError> {
        self.inner.change_score(score_id, change)
    }

    fn delete_score(&self, score_id: &str) -> Result<Option<RunId>, StoreError> {
        self.inner.delete_score(score_id)
    }

    fn change_tags(&self, run: RunId, add: Vec<String>, remove: Vec<String>) -> Result<bool, StoreError> {
        self.inner.change_tags(run, add, remove)
    }

    fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.inner.delete_run(run)
    }

    fn prune_before(&self, before: i64) -> Result<Pruned, StoreError> {
        self.inner.prune_before(before)
    }

    fn prune_loose_before(&self, before: i64) -> Result<Pruned, StoreError> {
        self.inner.prune_loose_before(before)
    }

    fn delete_groups(&self, groups: Vec<TraceGroupId>, before: i64) -> Result<Pruned, StoreError> {
        self.inner.delete_groups(groups, before)
    }

    fn delete_contents(&self, groups: Vec<TraceGroupId>, before: i64) -> Result<Pruned, StoreError> {
        self.inner.delete_contents(groups, before)
    }

    fn set_pricing(&self, pricing: Pricing) -> Result<(), StoreError> {
        self.inner.set_pricing(pricing)
    }

    fn counters(&self) -> Counters {
        self.inner.counters()
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn announce(&self, text: &str) -> Result<(), StoreError> {
        self.inner.announce(text)
    }

    fn maintenance(&self) -> Option<&dyn Maintenance> {
        self.inner.maintenance()
    }
}
