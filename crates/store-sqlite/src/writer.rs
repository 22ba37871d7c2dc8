//! The one thread that writes: group commit, then what follows it (runs, search index).
//!
//! Group commit happens by itself: while one commit runs, the next jobs gather. A job is answered only after the commit
//! that holds it. When a commit fails its batches are committed one by one, so that one bad batch cannot fail its
//! neighbours; a batch that can never be committed goes into quarantine.

use crate::{
    clock::now_ms,
    derive::{Repricing, Schedule, Which},
    directory::DirectoryWatch,
    error::{Error, Result, StoreError},
    isolate::{catch_panic, lock},
    progress::Progress,
    quarantine,
    rollups::{self, Kept},
    schema::BUSY_TIMEOUT,
    text::Indexer,
    write::{Applied, Committer, Gone},
};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};
use turnscope_store::{Batch, CommitError, CommitReply, Committed, Pricing, Stored};

/// Jobs gathered into one commit at most.
const MAX_JOBS: usize = 256;
/// Records gathered into one commit at most (the last job may go over).
const MAX_RECORDS: usize = 4096;
/// Under load, runs are projected at least this often, and everything else that is behind the commits.
const PROJECT_EVERY: Duration = Duration::from_millis(300);
const FOLLOW_EVERY: Duration = Duration::from_millis(1000);
/// How long one pass of projection or indexing may keep commits waiting.
const PASS_BUDGET: Duration = Duration::from_millis(60);
/// Beyond this size of its file, the write-ahead log is to begin anew.
const LOG_BYTES: u64 = 96 << 20;
/// How long the writer waits for a moment without readers for that, and the time between two tries.
const LOG_PATIENCE: Duration = Duration::from_millis(50);
const LOG_EVERY: Duration = Duration::from_secs(1);
/// How long the end may take to bring runs up to date; the next start does the rest.
const CLOSE_BUDGET: Duration = Duration::from_secs(1);
/// How long to wait for a job when nothing else is to be done.
const IDLE: Duration = Duration::from_secs(3600);

type Call = Box<dyn FnOnce(&mut Writer) + Send>;

pub(crate) enum Job {
    Commit(Batch, CommitReply),
    Call(Call),
}

/// The writer's state; lives on its thread.
pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) committer: Committer,
    pub(crate) schedule: Schedule,
    pub(crate) indexer: Indexer,
    repricing: Repricing,
    pub(crate) progress: Arc<Progress>,
    directory: Arc<DirectoryWatch>,
    last_pass: Instant,
    last_projection: Instant,
    /// All runs are in the roll-ups.
    rollups_are_whole: bool,
    /// The write-ahead log, and when it was last tried to begin it anew.
    log: PathBuf,
    last_log: Instant,
}

impl Writer {
    pub(crate) fn new(
        db: Connection,
        indexer: Indexer,
        pricing: Option<Pricing>,
        progress: Arc<Progress>,
        directory: Arc<DirectoryWatch>,
    ) -> Result<Self> {
        rollups::keep(&db)?;
        let log = PathBuf::from(format!("{}-wal", db.path().unwrap_or_default()));
        let mut writer = Self {
            committer: Committer::new(&db)?,
            schedule: Schedule::new(&db)?,
            repricing: Repricing::new(&db, pricing)?,
            rollups_are_whole: Kept::Figures.is_whole(&db)? && Kept::Values.is_whole(&db)?,
            db,
            indexer,
            progress,
            directory,
            last_pass: Instant::now(),
            last_projection: Instant::now(),
            log,
            last_log: Instant::now(),
        };
        writer.progress.repricing.store(!writer.repricing.is_idle(), Ordering::Relaxed);
        match writer.retry_quarantined(false) {
            // What is set aside can wait: everything else must be readable.
            Err(error) if error.is_damage() => {
                writer.progress.damage.note("the quarantine", error.to_string());
            }
            outcome => drop(outcome?),
        }
        let left = writer.schedule.waiting();
        let earlier = writer.progress.commits.add_earlier(left.len());
        writer.schedule.hold(earlier, &left);
        Ok(writer)
    }

    /// Works until every sender is gone, then finishes what is behind and closes the database.
    pub(crate) fn work(mut self, inbox: &Receiver<Job>) {
        loop {
            // Commits come first; what is behind them waits until nothing else does, but not for ever.
            match inbox.try_recv() {
                Ok(job) => {
                    self.do_job(job, inbox);
                    if self.last_pass.elapsed() >= FOLLOW_EVERY {
                        self.follow_up();
                    } else if self.schedule.is_full() || self.last_projection.elapsed() >= PROJECT_EVERY {
                        self.project(Which::Due(PASS_BUDGET));
                    }
                    // Whoever sends waits then, instead of whoever searches.
                    if self.indexer.falls_behind() {
                        self.index();
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
        self.project(Which::All(CLOSE_BUDGET));
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the indexes by hash are not complete; the next start completes them");
        }
        if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);") {
            tracing::warn!(%error, "the last checkpoint failed; the next start does it");
        }
    }

    fn close(&mut self) -> Result<()> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.committer.close(&tx)?;
        Ok(tx.commit()?)
    }

    fn do_job(&mut self, job: Job, inbox: &Receiver<Job>) {
        match job {
            Job::Call(call) => call(self),
            Job::Commit(batch, reply) => self.commit_with_waiting((batch, reply), inbox),
        }
        self.bound_log();
    }

    /// Keeps the write-ahead log from growing while there are always readers: SQLite begins it anew only when nobody reads
    /// what stands in it.
    fn bound_log(&mut self) {
        let is_large = || std::fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES);
        if self.last_log.elapsed() < LOG_EVERY || !is_large() {
            return;
        }
        self.progress.views.while_empty(LOG_PATIENCE, || {
            // Another process may read too: it is not waited for.
            let outcome = self
                .db
                .busy_timeout(Duration::ZERO)
                .and_then(|()| self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
                .and_then(|()| self.db.busy_timeout(BUSY_TIMEOUT));
            if let Err(error) = outcome {
                tracing::warn!(%error, "the write-ahead log could not be emptied; it is tried again");
            }
        });
        self.last_log = Instant::now();
    }

    /// Does something asked for from outside. After a failure no cache is trusted.
    pub(crate) fn call<T>(&mut self, call: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outcome = catch_panic(|| call(self));
        if outcome.is_err() {
            self.forget_caches();
        }
        outcome
    }

    fn forget_caches(&mut self) {
        self.committer.reset();
        self.schedule.forget_cached();
    }

    /// A deletion took this.
    pub(crate) fn forget(&mut self, gone: &Gone) {
        self.committer.forget(gone);
        for commits in self.schedule.forget(&gone.groups) {
            self.progress.commits.group_done(commits);
        }
        self.progress.tell(gone.changes.clone());
    }

    /// How long to wait for a job before turning to what is behind.
    fn patience(&self) -> Duration {
        let projection = self.schedule.wait(Instant::now());
        let is_idle = self.indexer.is_idle()
            && self.repricing.is_idle()
            && self.rollups_are_whole
            && !self.progress.damage.has_work();
        let others = (!is_idle).then_some(Duration::ZERO);
        projection.into_iter().chain(others).min().unwrap_or(IDLE)
    }

    fn commit_with_waiting(&mut self, first: (Batch, CommitReply), inbox: &Receiver<Job>) {
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
        self.commit_jobs(jobs);
        if let Some(call) = call {
            call(self);
        }
    }

    fn commit_jobs(&mut self, jobs: Vec<(Batch, CommitReply)>) {
        if let Some(reason) = self.directory.moved() {
            let error = Arc::new(StoreError::Moved(reason));
            for (_, reply) in jobs {
                reply(Err(CommitError::Broken(Arc::clone(&error))));
            }
            return;
        }
        let (batches, replies): (Vec<Batch>, Vec<CommitReply>) = jobs.into_iter().unzip();
        match self.commit(&batches) {
            Ok(applied) => {
                for (reply, (committed, _)) in replies.into_iter().zip(&applied) {
                    reply(Ok(*committed));
                }
                for (batch, (_, applied)) in batches.into_iter().zip(applied) {
                    self.schedule.remember(batch, &applied);
                }
            }
            Err(error) if replies.len() == 1 => {
                for (batch, reply) in batches.iter().zip(replies) {
                    reply(self.set_aside(batch, &error).ok_or_else(|| refusal(&error)));
                }
            }
            Err(_) => {
                for (batch, reply) in batches.into_iter().zip(replies) {
                    match self.commit_one(&batch) {
                        Ok((committed, applied)) => {
                            reply(Ok(committed));
                            self.schedule.remember(batch, &applied);
                        }
                        Err(error) => {
                            reply(self.set_aside(&batch, &error).ok_or_else(|| refusal(&error)));
                        }
                    }
                }
            }
        }
    }

    /// Puts a batch that can never be committed into quarantine; `None` when it can be tried again, or cannot be kept.
    fn set_aside(&mut self, batch: &Batch, error: &Error) -> Option<Committed> {
        if !error.is_permanent() {
            return None;
        }
        match quarantine::put_batch(&self.db, batch, error) {
            Ok(()) => {
                let quarantined = (batch.records.len() + batch.metrics.len()) as u64;
                tracing::error!(%error, quarantined, "a request was set aside in quarantine");
                self.progress.quarantined.fetch_add(1, Ordering::Relaxed);
                let stored = Stored { quarantined, ..Stored::default() };
                Some(Committed { stored, token: self.progress.commits.newest() })
            }
            Err(full) => {
                tracing::error!(error = %full, "a request could not be set aside and is refused");
                None
            }
        }
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<(Committed, Applied)>> {
        let outcome = catch_panic(|| self.try_commit(batches));
        let failure = outcome.as_ref().err().map(ToString::to_string);
        if let Some(error) = &failure {
            tracing::warn!(error, "a commit failed and was rolled back");
            self.forget_caches();
        }
        *lock(&self.progress.commit_failure) = failure;
        outcome
    }

    fn commit_one(&mut self, batch: &Batch) -> Result<(Committed, Applied)> {
        let mut all = self.commit(std::slice::from_ref(batch))?;
        all.pop().ok_or_else(|| StoreError::Closed.into())
    }

    fn try_commit(&mut self, batches: &[Batch]) -> Result<Vec<(Committed, Applied)>> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut applied = Vec::with_capacity(batches.len());
        for batch in batches {
            applied.push(self.committer.apply(&tx, batch)?);
        }
        let touched = self.committer.finish(&tx, now_ms())?;
        self.indexer.committed(&tx)?;
        tx.commit()?;
        self.progress.index_lag.store(self.indexer.lag(), Ordering::Relaxed);
        self.schedule.touched(&touched);
        Ok(applied.into_iter().map(|applied| (self.committed(&applied), applied)).collect())
    }

    /// Counts a batch that was committed, and names its commit.
    fn committed(&mut self, applied: &Applied) -> Committed {
        let (stored, groups) = (applied.stored, applied.groups());
        self.progress.records.fetch_add(stored.records, Ordering::Relaxed);
        self.progress.duplicates.fetch_add(stored.duplicates, Ordering::Relaxed);
        self.progress.metrics.fetch_add(stored.metrics, Ordering::Relaxed);
        let number = self.progress.commits.add(groups.len());
        self.schedule.hold(number, &groups);
        Committed { stored, token: self.progress.commits.token(number) }
    }

    /// Tries again what is in quarantine (all of it, or what another version set aside); gives what is left.
    pub(crate) fn retry_quarantined(&mut self, all: bool) -> Result<u64> {
        for group in quarantine::targets(&self.db, quarantine::Kind::TraceGroup, all)? {
            self.schedule.add(turnscope_model::TraceGroupId(group));
        }
        for content in quarantine::targets(&self.db, quarantine::Kind::Content, all)? {
            self.indexer.retry(&mut self.db, content)?;
        }
        for (id, batch) in quarantine::batches(&self.db, all)? {
            match self.commit_one(&batch) {
                Ok((_, applied)) => {
                    self.schedule.remember(batch, &applied);
                    quarantine::remove_batch(&self.db, id)?;
                }
                Err(error) => tracing::warn!(%error, id, "a request stays in quarantine"),
            }
        }
        if all {
            self.project(Which::All(Duration::MAX));
            while !self.indexer.is_idle() {
                self.index();
            }
        }
        self.count_quarantined()
    }

    fn count_quarantined(&mut self) -> Result<u64> {
        let left = quarantine::count(&self.db)?;
        self.progress.quarantined.store(left, Ordering::Relaxed);
        Ok(left)
    }

    /// One pass over what is behind the commits: runs first, then the search index.
    fn follow_up(&mut self) {
        for group in self.progress.damage.take_work() {
            self.schedule.add(group);
        }
        if self.schedule.wait(Instant::now()).is_some_and(|wait| wait.is_zero()) {
            self.project(Which::Due(PASS_BUDGET));
        }
        if !self.indexer.is_idle() {
            self.index();
        }
        self.reprice();
        self.take_into_rollups();
        self.last_pass = Instant::now();
    }

    /// Takes runs of an earlier version into the roll-ups, last of all.
    fn take_into_rollups(&mut self) {
        if self.rollups_are_whole {
            return;
        }
        self.rollups_are_whole = rollups::take_in(&mut self.db, PASS_BUDGET).unwrap_or_else(|error| {
            tracing::error!(%error, "figures of older runs could not be summed up; it is tried again at the next start");
            true // figures are counted run by run until then
        });
    }

    fn index(&mut self) {
        match self.indexer.run(&mut self.db, PASS_BUDGET) {
            Ok(0) => {}
            Ok(set_aside) => {
                self.progress.quarantined.fetch_add(set_aside, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::error!(%error, "indexing for search failed; it is tried again with the next record");
                self.indexer.sleep();
            }
        }
        self.progress.index_lag.store(self.indexer.lag(), Ordering::Relaxed);
    }

    /// Brings costs of other prices up to date, last of all.
    fn reprice(&mut self) {
        if self.repricing.is_idle() {
            return;
        }
        match self.repricing.run(&mut self.db, PASS_BUDGET) {
            Ok(changes) => self.progress.tell(changes),
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

    /// Brings runs up to date.
    pub(crate) fn project(&mut self, which: Which) {
        match self.schedule.run(&mut self.db, which, self.repricing.pricing()) {
            Ok(pass) => {
                pass.groups_done.into_iter().for_each(|commits| self.progress.commits.group_done(commits));
                self.progress.tell(pass.changes);
                if pass.quarantine_changed
                    && let Err(error) = self.count_quarantined()
                {
                    tracing::warn!(%error, "what is in quarantine could not be counted");
                }
            }
            Err(error) => {
                tracing::error!(%error, "deriving runs failed; it is tried again in a second");
                self.schedule.back_off();
            }
        }
        self.last_projection = Instant::now();
    }
}

fn refusal(error: &Error) -> CommitError {
    if let Error::Sqlite(cause) = error
        && cause.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    {
        return CommitError::Full;
    }
    // Errors of SQLite cannot be cloned: a whole batch hears the words.
    CommitError::Broken(Arc::new(StoreError::Database(error.to_string().into())))
}
