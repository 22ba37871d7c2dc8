//! The store as the rest of the program holds it.

use crate::{
    Batch, CommitError, CommitToken, Committed, Pricing, ReadLimit, Reader, Reprojection, StoreError, Stored,
};
use std::{
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};
use turnscope_model::{RunId, Score, TraceGroupId};
use turnscope_query::{NewScore, Pruned, ScoreChange};

/// Called with the outcome once a batch is durable, or is not. It must not block or panic.
pub type CommitReply = Box<dyn FnOnce(Result<Committed, CommitError>) + Send>;

/// Called with runs that changed. It must not block or panic.
pub type ChangeListener = Box<dyn Fn(Vec<Change>) + Send + Sync>;

/// A run that was written or changed, or is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The run.
    pub run_id: RunId,
    /// Whether it is gone: it was deleted, or a root that came late took its place.
    pub gone: bool,
}

/// Figures of a store since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Spans and log records stored.
    pub records: u64,
    /// Spans and log records that were stored already.
    pub duplicates: u64,
    /// Metrics stored.
    pub metrics: u64,
    /// Contents that the search index has not reached yet.
    pub index_lag: u64,
    /// Costs that were computed with other prices are being brought up to date.
    pub is_repricing: bool,
    /// How far facts of stored records have been found again.
    pub reprojection: Reprojection,
}

/// How a store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why nothing can be committed any more, until the process is started again; `None` while the store works.
    pub failed: Option<String>,
    /// Why nothing is committed or read at the moment; `None` while the store works.
    pub stalled: Option<String>,
    /// What is wrong besides, in words.
    pub degraded: Vec<String>,
    /// Requests, trace groups and contents that were set aside because they could not be processed.
    pub quarantined: u64,
}

/// Keeps records, each message once, and answers what runs they make.
pub trait Store: Send + Sync {
    /// Hands over a batch. `reply` is called once everything in it is durable, or is not. The caller bounds what waits.
    fn commit(&self, batch: Batch, reply: CommitReply);

    /// Opens a view for reading. [`StoreError::Interrupted`] ends a question that goes over the limit.
    fn reader(&self, limit: &ReadLimit) -> Result<Box<dyn Reader + '_>, StoreError>;

    /// The newest commit.
    fn newest_commit(&self) -> CommitToken;

    /// Whether the runs of this commit can be read. A token that an earlier process gave means all that it left.
    fn can_read(&self, token: CommitToken) -> bool;

    /// Whether the runs of this commit and of all before it can be read.
    fn can_read_all_to(&self, token: CommitToken) -> bool;

    /// How long ago the oldest commit was acknowledged whose runs cannot be read yet; zero when all can.
    fn lag(&self) -> Duration;

    /// Projects this trace group, and waits for it. Very large ones are otherwise projected at intervals.
    fn bring_up_to_date(&self, group: TraceGroupId) -> Result<(), StoreError>;

    /// Tells this listener of every run that changes from now on, in the place of the one before.
    fn watch(&self, listener: ChangeListener);

    /// Gives a score; `None` when there is no such run.
    fn add_score(&self, score: NewScore) -> Result<Option<Score>, StoreError>;

    /// Changes a score that was given by API or by hand; `None` when there is none with this id.
    fn change_score(&self, score_id: &str, change: ScoreChange) -> Result<Option<Score>, StoreError>;

    /// Deletes a score that was given by API or by hand; gives its run.
    fn delete_score(&self, score_id: &str) -> Result<Option<RunId>, StoreError>;

    /// Adds tags to a run and takes others away; `false` when there is no such run. Tags that came with telemetry stay.
    fn change_tags(&self, run: RunId, add: Vec<String>, remove: Vec<String>) -> Result<bool, StoreError>;

    /// Deletes a run with its child runs and all their content; `false` when there is none. The trace goes with its last
    /// run.
    fn delete_run(&self, run: RunId) -> Result<bool, StoreError>;

    /// Deletes what was received before this time, in nanoseconds since the epoch, a little at a time. What is projected
    /// together goes together, once the last of it was received before.
    fn prune_before(&self, before: i64) -> Result<Pruned, StoreError>;

    /// As [`Store::prune_before`], only of metrics and of log records that belong to no trace.
    fn prune_loose_before(&self, before: i64) -> Result<Pruned, StoreError>;

    /// Deletes these trace groups with those that they are projected with, a little at a time. What has records received at
    /// `before` or later, in milliseconds since the epoch, or a pinned run stays.
    fn delete_groups(&self, groups: Vec<TraceGroupId>, before: i64) -> Result<Pruned, StoreError>;

    /// Deletes what the records of these trace groups, and of those that they are projected with, were sent with, a little
    /// at a time. Their facts stay: runs, steps, tokens and costs. What stays whole is as with [`Store::delete_groups`].
    fn delete_contents(&self, groups: Vec<TraceGroupId>, before: i64) -> Result<Pruned, StoreError>;

    /// From now on these prices hold; runs that were priced otherwise follow in the background.
    fn set_pricing(&self, pricing: Pricing) -> Result<(), StoreError>;

    /// Figures since the store was opened.
    fn counters(&self) -> Counters;

    /// How the store is.
    fn health(&self) -> Health;

    /// Says who owns the store and where it listens, as JSON, for other processes that want to know.
    fn announce(&self, text: &str) -> Result<(), StoreError>;

    /// The process is about to end: pruning and vacuum end as soon as they can, with [`StoreError::Interrupted`], and go on
    /// another time.
    fn end_maintenance(&self) {}

    /// Frees what was kept in memory for questions that nobody has asked lately; to be called now and then.
    fn free_unused_memory(&self) {}

    /// What only a store in a file can do; `None` elsewhere.
    fn maintenance(&self) -> Option<&dyn Maintenance> {
        None
    }
}

/// What a store in a file can do, and a store over a network may lack.
pub trait Maintenance {
    /// Deletes the oldest, a little at a time, until the rest fits into this many bytes.
    fn prune_to_size(&self, max_bytes: u64) -> Result<Pruned, StoreError>;

    /// Gives free room back to the disk, a little at a time.
    fn vacuum(&self) -> Result<(), StoreError>;

    /// Copies the store, as it is at one moment, into a new file, and checks the copy; the store goes on meanwhile.
    /// `progress` is given what is done and what there is, in pages.
    fn backup(&self, to: &Path, progress: &mut dyn FnMut(u32, u32)) -> Result<(), StoreError>;

    /// Finds the facts of stored records again, by the rules that hold now: of these trace groups, or of all. It goes on in
    /// the background, also after a restart; [`Counters::reprojection`] tells how far it is.
    fn reproject(&self, groups: Option<Vec<TraceGroupId>>) -> Result<(), StoreError>;

    /// Tries again what is in quarantine; gives how much is left in it.
    fn retry_quarantined(&self) -> Result<u64, StoreError>;
}

/// Waits until the runs of all that was acknowledged can be read; `false` when the time ran out.
pub fn catch_up(store: &dyn Store, timeout: Duration) -> bool {
    let (target, began) = (store.newest_commit(), Instant::now());
    while !store.can_read_all_to(target) {
        if began.elapsed() >= timeout || store.health().failed.is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Commits a batch and waits for the outcome.
pub fn commit_and_wait(store: &dyn Store, batch: Batch) -> Result<Stored, CommitError> {
    let (done, outcome) = mpsc::sync_channel(1);
    store.commit(
        batch,
        Box::new(move |stored| {
            let _ = done.send(stored);
        }),
    );
    outcome.recv().unwrap_or(Err(CommitError::Closed)).map(|committed| committed.stored)
}
