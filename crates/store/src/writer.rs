//! The one thread that writes: group commit, then what follows it (runs, search index).
//!
//! Group commit falls out by itself: while one commit runs, the next jobs gather. A job is answered only after the
//! commit that holds it. If a batch fails, its jobs are committed one by one, so that one bad request cannot fail its
//! neighbours.

use crate::{
    commit::{Applied, Batch, Committer, Stored},
    pricing::{Pricing, Repricing},
    projector::{Change, Projector},
    search::Indexer,
    sqlite::StoreError,
};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Jobs gathered into one commit at most.
const MAX_JOBS: usize = 256;
/// Records gathered into one commit at most (the last job may go over).
const MAX_RECORDS: usize = 4096;
/// Under load, runs are projected at least this often.
const PROJECT_EVERY: Duration = Duration::from_millis(1000);
/// Readers wait for units that are brought up to date within this time.
const LONG_REST: Duration = Duration::from_secs(1);
/// How long one pass of projection or indexing may keep commits waiting.
const PASS_BUDGET: Duration = Duration::from_millis(60);

/// Why a batch was not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// No space is left; nothing was kept, it can be tried again once there is some.
    #[error("the disk is full, nothing was stored")]
    Full,
    /// The store failed; nothing was kept.
    #[error("the store failed, nothing was stored: {0}")]
    Broken(Arc<StoreError>),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// Called with the outcome once the batch is durable, or is not.
pub(crate) type Reply = Box<dyn FnOnce(Result<Stored, CommitError>) + Send>;
type Call = Box<dyn FnOnce(&mut Writer) + Send>;

pub(crate) enum Job {
    Commit(Batch, Reply),
    Call(Call),
}

/// What the writer tells the rest of the program.
#[derive(Default)]
pub(crate) struct Progress {
    /// Commits done, and the last commit whose runs are written.
    pub(crate) committed: AtomicU64,
    projected: Mutex<u64>,
    caught_up: Condvar,
    /// Records committed since the start.
    pub(crate) records: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) metrics: AtomicU64,
    /// Contents that the search index has not reached.
    pub(crate) index_lag: AtomicI64,
    /// Costs of other prices are being brought up to date.
    pub(crate) repricing: AtomicBool,
}

impl Progress {
    /// Waits until the runs of everything committed so far are written; `false` when the time ran out.
    pub(crate) fn catch_up(&self, timeout: Duration) -> bool {
        let target = self.committed.load(Ordering::Acquire);
        let guard = self.projected.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, _) = self
            .caught_up
            .wait_timeout_while(guard, timeout, |projected| *projected < target)
            .unwrap_or_else(PoisonError::into_inner);
        *guard >= target
    }

    fn set_projected(&self, value: u64) {
        *self.projected.lock().unwrap_or_else(PoisonError::into_inner) = value;
        self.caught_up.notify_all();
    }
}

/// The writer's state; lives on its thread.
pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) committer: Committer,
    pub(crate) projector: Projector,
    pub(crate) indexer: Indexer,
    pub(crate) repricing: Repricing,
    pub(crate) progress: Arc<Progress>,
    pub(crate) on_change: Box<dyn Fn(Vec<Change>) + Send>,
    last_pass: Instant,
}

impl Writer {
    pub(crate) fn new(
        db: Connection,
        indexer: Indexer,
        pricing: Option<Pricing>,
        progress: Arc<Progress>,
        on_change: Box<dyn Fn(Vec<Change>) + Send>,
    ) -> Result<Self, StoreError> {
        let committer = Committer::new(&db)?;
        let projector = Projector::new(&db)?;
        let repricing = Repricing::new(&db, pricing)?;
        progress.repricing.store(!repricing.is_idle(), Ordering::Relaxed);
        let last_pass = Instant::now();
        Ok(Self { db, committer, projector, indexer, repricing, progress, on_change, last_pass })
    }

    /// Works until every sender is gone, then finishes what is behind and closes the database.
    pub(crate) fn work(mut self, inbox: &Receiver<Job>) {
        loop {
            // Commits come first; what is behind them waits until nothing else does, but not for ever.
            match inbox.try_recv() {
                Ok(job) => {
                    self.do_job(job, inbox);
                    if self.last_pass.elapsed() >= PROJECT_EVERY {
                        self.follow_up();
                    } else if self.projector.is_full() {
                        self.project(false);
                    }
                    continue;
                }
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {}
            }
            let patience = self.patience();
            if patience.is_zero() {
                self.follow_up();
                continue;
            }
            match inbox.recv_timeout(patience) {
                Ok(job) => self.do_job(job, inbox),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.project(true);
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the indexes by hash are not complete; the next start goes on with them");
        }
        if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;") {
            tracing::warn!(%error, "the last checkpoint failed; the next start will do it");
        }
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.committer.close(&tx)?;
        Ok(tx.commit()?)
    }

    fn do_job(&mut self, job: Job, inbox: &Receiver<Job>) {
        match job {
            Job::Call(call) => call(self),
            Job::Commit(batch, reply) => self.commit_with_waiting((batch, reply), inbox),
        }
    }

    /// How long to wait for a job before turning to what is behind.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let projection = self.projector.wait(now);
        let index = (!self.indexer.is_idle() || !self.repricing.is_idle()).then_some(Duration::ZERO);
        projection.into_iter().chain(index).min().unwrap_or(Duration::from_secs(3600))
    }

    fn commit_with_waiting(&mut self, first: (Batch, Reply), inbox: &Receiver<Job>) {
        let mut records = first.0.records.len();
        let mut jobs = vec![first];
        let mut call = None;
        while jobs.len() < MAX_JOBS && records < MAX_RECORDS {
            match inbox.try_recv() {
                Ok(Job::Commit(batch, reply)) => {
                    records += batch.records.len();
                    jobs.push((batch, reply));
                }
                Ok(Job::Call(waiting)) => {
                    call = Some(waiting);
                    break;
                }
                Err(_) => break,
            }
        }
        let (batches, replies): (Vec<Batch>, Vec<Reply>) = jobs.into_iter().unzip();
        match self.commit(&batches) {
            Ok(applied) => {
                for (reply, applied) in replies.into_iter().zip(&applied) {
                    reply(Ok(applied.stored));
                }
                for (batch, applied) in batches.into_iter().zip(applied) {
                    self.projector.remember(batch, &applied);
                }
            }
            Err(error) if replies.len() == 1 => {
                for reply in replies {
                    reply(Err(refusal(&error)));
                }
            }
            Err(_) => {
                for (batch, reply) in batches.into_iter().zip(replies) {
                    let outcome = self.commit(std::slice::from_ref(&batch));
                    reply(match &outcome {
                        Ok(applied) => Ok(applied.first().map(|one| one.stored).unwrap_or_default()),
                        Err(error) => Err(refusal(error)),
                    });
                    if let Some(applied) = outcome.ok().and_then(|mut all| all.pop()) {
                        self.projector.remember(batch, &applied);
                    }
                }
            }
        }
        if let Some(call) = call {
            call(self);
        }
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Applied>, StoreError> {
        let outcome = self.try_commit(batches);
        if let Err(error) = &outcome {
            tracing::warn!(%error, "a commit failed and was rolled back");
            self.committer.reset();
            self.projector.forget_nodes();
        }
        outcome
    }

    fn try_commit(&mut self, batches: &[Batch]) -> Result<Vec<Applied>, StoreError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut applied = Vec::with_capacity(batches.len());
        for batch in batches {
            applied.push(self.committer.apply(&tx, batch)?);
        }
        let touched = self.committer.finish(&tx, now_ms())?;
        tx.commit()?;
        self.projector.touched(&touched);
        self.indexer.wake();
        for one in applied.iter().map(|one| one.stored) {
            self.progress.records.fetch_add(one.records, Ordering::Relaxed);
            self.progress.duplicates.fetch_add(one.duplicates, Ordering::Relaxed);
            self.progress.metrics.fetch_add(one.metrics, Ordering::Relaxed);
        }
        self.progress.committed.fetch_add(1, Ordering::Release);
        Ok(applied)
    }

    /// One pass over what is behind the commits: runs first, then the search index.
    fn follow_up(&mut self) {
        if self.projector.wait(Instant::now()).is_some_and(|wait| wait.is_zero()) {
            self.project(false);
        } else if self.is_current() {
            self.progress.set_projected(self.progress.committed.load(Ordering::Acquire));
        }
        if !self.indexer.is_idle()
            && let Err(error) = self.indexer.run(&mut self.db, PASS_BUDGET)
        {
            tracing::error!(%error, "indexing for search failed; it is tried again with the next record");
        }
        self.progress.index_lag.store(self.indexer.lag(), Ordering::Relaxed);
        self.reprice();
        self.last_pass = Instant::now();
    }

    /// Brings costs of other prices up to date, last of all.
    fn reprice(&mut self) {
        if self.repricing.is_idle() {
            return;
        }
        match self.repricing.run(&mut self.db, PASS_BUDGET) {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => (self.on_change)(changes),
            Err(error) => {
                tracing::error!(%error, "computing costs again failed; it is tried again at the next start");
                self.repricing.give_up();
            }
        }
        self.progress.repricing.store(!self.repricing.is_idle(), Ordering::Relaxed);
    }

    /// From now on these prices hold; runs that were priced otherwise follow in the background.
    pub(crate) fn set_pricing(&mut self, pricing: Pricing) {
        self.repricing.set(pricing);
        self.progress.repricing.store(!self.repricing.is_idle(), Ordering::Relaxed);
    }

    /// Whether readers need not wait: all runs are written, but for units so large that they rest for long.
    fn is_current(&self) -> bool {
        self.projector.wait(Instant::now()).is_none_or(|wait| wait >= LONG_REST)
    }

    /// Brings runs up to date; with `all`, those of large units that rest too.
    pub(crate) fn project(&mut self, all: bool) {
        let committed = self.progress.committed.load(Ordering::Acquire);
        match self.projector.run(&mut self.db, PASS_BUDGET, all, self.repricing.pricing()) {
            Ok(changes) => {
                if !changes.is_empty() {
                    (self.on_change)(changes);
                }
                if self.is_current() {
                    self.progress.set_projected(committed);
                }
            }
            Err(error) => {
                tracing::error!(%error, "deriving runs failed; it is tried again in a second");
                self.projector.back_off();
                self.progress.set_projected(committed);
            }
        }
    }
}

fn refusal(error: &StoreError) -> CommitError {
    if error.is_full() { CommitError::Full } else { CommitError::Broken(Arc::new(clone_error(error))) }
}

/// Errors of SQLite cannot be cloned: a whole batch hears the words.
fn clone_error(error: &StoreError) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}
