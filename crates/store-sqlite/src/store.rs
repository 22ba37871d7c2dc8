//! The embedded store: one writer thread, readers beside it, one file.

use crate::{
    derive::Which,
    directory::DirectoryWatch,
    error::{Error, Result, StoreError},
    isolate::{lock, panic_message},
    lock::Lock,
    progress::Progress,
    read::{Readers, SqliteReader},
    reproject::Reprojector,
    retain::{self, ContentDeletion, Pruning, Vacuum},
    schema::{self, FILE},
    text::Indexer,
    write::annotate,
    writer::{Job, Writer},
};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::Ordering,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};
use turnscope_model::{RunId, Score, TraceGroupId};
use turnscope_query::{FigureKey, Figures, NewScore, Pruned, ScoreChange};
use turnscope_store::{
    Batch, ChangeListener, CommitError, CommitReply, CommitToken, Counters, Health, Maintenance, Pricing,
    ReadLimit, Reader, Rules, Store, TextOf,
};

/// How a store is opened.
#[derive(Clone, Default)]
pub struct Options {
    /// Gives a content's searchable text; without it nothing can be searched.
    pub text_of: Option<TextOf>,
    /// Prices calls; without it only what clients report is known.
    pub pricing: Option<Pricing>,
    /// Finds facts of stored records again; without it they stay as they were found.
    pub rules: Option<Rules>,
}

/// A data directory: owned by this process, or open for reading only. Dropping it drains the queue, brings everything up
/// to date and closes it.
pub struct SqliteStore {
    owner: Option<Owner>,
    progress: Arc<Progress>,
    readers: Readers,
    path: PathBuf,
    directory: Arc<DirectoryWatch>,
}

/// What only the owner of a directory has.
struct Owner {
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    reprojector: Option<Reprojector>,
    lock: Mutex<Lock>,
}

impl SqliteStore {
    /// Opens (and creates) the store in a directory and starts its writer.
    pub fn open(directory: &Path, options: Options) -> std::result::Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: directory.display().to_string(), source };
        private_directory(directory).map_err(io)?;
        let lock = Lock::take(directory)?;
        let path = directory.join(FILE);
        let mut db = schema::open_writer(&path)?;
        let watch = Arc::new(DirectoryWatch::new(&path));
        let indexer = Indexer::new(&db, options.text_of)?;
        let progress = Arc::new(Progress::default());
        let (jobs, inbox) = mpsc::channel();
        let reprojector = options
            .rules
            .map(|rules| {
                Reprojector::start(&mut db, path.clone(), rules, jobs.clone(), Arc::clone(&progress))
            })
            .transpose()?;
        let writer = Writer::new(db, indexer, options.pricing, Arc::clone(&progress), Arc::clone(&watch))?;
        let shared = Arc::clone(&progress);
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                // What the writer itself cannot isolate ends it: the process is told, and should be started again.
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| writer.work(&inbox))) {
                    shared.fail(panic_message(&*panic));
                }
            })
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        Ok(Self {
            owner: Some(Owner {
                jobs: Some(jobs),
                writer: Some(writer),
                reprojector,
                lock: Mutex::new(lock),
            }),
            readers: Readers::new(path.clone(), options.text_of, Arc::clone(&progress)),
            progress,
            path,
            directory: watch,
        })
    }

    /// Opens the store in a directory for reading only, whoever owns it; an error when there is none. Without `text_of`
    /// nothing can be searched.
    pub fn open_read_only(
        directory: &Path,
        text_of: Option<TextOf>,
    ) -> std::result::Result<Self, StoreError> {
        let path = directory.join(FILE);
        if !path.exists() {
            return Err(StoreError::Io {
                path: path.display().to_string(),
                source: std::io::Error::new(std::io::ErrorKind::NotFound, "no store here"),
            });
        }
        schema::check(&schema::open_reader(&path)?)?;
        let progress = Arc::new(Progress::default());
        Ok(Self {
            owner: None,
            readers: Readers::new(path.clone(), text_of, Arc::clone(&progress)),
            directory: Arc::new(DirectoryWatch::new(&path)),
            progress,
            path,
        })
    }

    fn jobs(&self) -> std::result::Result<&Sender<Job>, StoreError> {
        let owner = self.owner.as_ref().ok_or(StoreError::ReadOnly)?;
        owner.jobs.as_ref().ok_or(StoreError::Closed)
    }

    /// Does something on the writer's thread and waits for it.
    pub(crate) fn on_writer<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, StoreError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let job = Job::Call(Box::new(move |writer: &mut Writer| {
            let _ = done.send(writer.call(call));
        }));
        self.jobs()?.send(job).map_err(|_| StoreError::Closed)?;
        Ok(outcome.recv().unwrap_or(Err(Error::Store(StoreError::Closed)))?)
    }

    /// Projects every trace group that waits, and waits for it.
    pub(crate) fn project_all(&self) -> std::result::Result<(), StoreError> {
        self.project(Which::All(Duration::MAX))
    }

    fn project(&self, which: Which) -> std::result::Result<(), StoreError> {
        self.on_writer(move |writer| {
            writer.project(which);
            Ok(())
        })
    }

    /// Takes steps of pruning until nothing is left to do. Between two of them others get their turn.
    fn prune(&self, pruning: Pruning) -> std::result::Result<Pruned, StoreError> {
        Ok(self.in_slices(pruning, Pruning::is_done, Pruning::step)?.pruned)
    }

    /// Does long work slice by slice, each a job of the writer, so that commits go on in between.
    fn in_slices<W: Send + 'static>(
        &self,
        mut work: W,
        is_done: fn(&W) -> bool,
        step: fn(&mut W, &mut Writer) -> Result<()>,
    ) -> std::result::Result<W, StoreError> {
        while !is_done(&work) {
            self.check_maintenance()?;
            work = self.on_writer(move |writer| {
                step(&mut work, writer)?;
                Ok(work)
            })?;
        }
        Ok(work)
    }

    /// Ends long work when the process is about to end.
    fn check_maintenance(&self) -> std::result::Result<(), StoreError> {
        if self.progress.maintenance.is_over() { Err(StoreError::Interrupted) } else { Ok(()) }
    }

    fn sqlite_reader(&self, limit: &ReadLimit) -> std::result::Result<SqliteReader<'_>, StoreError> {
        if let Some(reason) = self.directory.moved() {
            return Err(StoreError::Moved(reason));
        }
        // Readers may have met rows that the writer can derive again.
        if self.progress.damage.has_work()
            && let Ok(jobs) = self.jobs()
        {
            let _ = jobs.send(Job::Call(Box::new(|_| ())));
        }
        Ok(self.readers.reader(limit)?)
    }

    /// Figures from the roll-ups, however few runs there are, and by looking at every run; `None` where the roll-ups cannot answer.
    /// For tests that compare the two.
    #[doc(hidden)]
    pub fn figures_both_ways(
        &self,
        query: &turnscope_query::FiguresQuery,
        moment: turnscope_query::Moment,
    ) -> std::result::Result<Option<[BTreeMap<FigureKey, Figures>; 2]>, StoreError> {
        let mut reader = self.sqlite_reader(&ReadLimit::none())?;
        let Some(rolled) = reader.rolled_figures(query, moment, 0)? else { return Ok(None) };
        Ok(Some([rolled, reader.counted_figures(query, moment)?]))
    }

    /// The values of a grouping from the counts that are kept, and by counting; `None` where none are kept. For tests that
    /// compare the two.
    #[doc(hidden)]
    pub fn values_both_ways(
        &self,
        of: turnscope_query::GroupBy,
    ) -> std::result::Result<Option<[crate::read::ValueCounts; 2]>, StoreError> {
        Ok(self.sqlite_reader(&ReadLimit::none())?.values_both_ways(of)?)
    }

    /// How SQLite would find a page of runs: a line for each step of its plan. Lists of more than `gathered` runs count
    /// as long. For tests of indexes.
    #[doc(hidden)]
    pub fn explain_runs(
        &self,
        filter: &turnscope_query::RunFilter,
        page: &turnscope_query::RunPageQuery,
        moment: turnscope_query::Moment,
        gathered: u32,
    ) -> std::result::Result<Vec<String>, StoreError> {
        Ok(self.sqlite_reader(&ReadLimit::none())?.explain_page(filter, page, moment, gathered)?)
    }
}

impl Store for SqliteStore {
    fn commit(&self, batch: Batch, reply: CommitReply) {
        let jobs = match self.jobs() {
            Ok(jobs) => jobs,
            Err(error) => return reply(Err(CommitError::from(error))),
        };
        if let Err(mpsc::SendError(Job::Commit(_, reply))) = jobs.send(Job::Commit(batch, reply)) {
            reply(Err(CommitError::Closed));
        }
    }

    fn reader(&self, limit: &ReadLimit) -> std::result::Result<Box<dyn Reader + '_>, StoreError> {
        Ok(Box::new(self.sqlite_reader(limit)?))
    }

    fn newest_commit(&self) -> CommitToken {
        self.progress.commits.newest()
    }

    fn can_read(&self, token: CommitToken) -> bool {
        self.progress.commits.can_read(token)
    }

    fn can_read_all_to(&self, token: CommitToken) -> bool {
        self.progress.commits.can_read_all_to(token)
    }

    fn lag(&self) -> Duration {
        self.progress.commits.lag()
    }

    fn bring_up_to_date(&self, group: TraceGroupId) -> std::result::Result<(), StoreError> {
        if self.owner.is_none() {
            return Ok(()); // the owner's to do
        }
        self.project(Which::One(group))
    }

    fn watch(&self, listener: ChangeListener) {
        self.progress.watch(listener);
    }

    fn add_score(&self, score: NewScore) -> std::result::Result<Option<Score>, StoreError> {
        self.on_writer(move |writer| annotate::add_score(&mut writer.db, score))
    }

    fn change_score(
        &self,
        score_id: &str,
        change: ScoreChange,
    ) -> std::result::Result<Option<Score>, StoreError> {
        let id = score_id.to_owned();
        self.on_writer(move |writer| annotate::change_score(&writer.db, &id, &change))
    }

    fn delete_score(&self, score_id: &str) -> std::result::Result<Option<RunId>, StoreError> {
        let id = score_id.to_owned();
        self.on_writer(move |writer| annotate::delete_score(&writer.db, &id))
    }

    fn change_tags(
        &self,
        run: RunId,
        add: Vec<String>,
        remove: Vec<String>,
    ) -> std::result::Result<bool, StoreError> {
        self.on_writer(move |writer| annotate::change_tags(&mut writer.db, run, &add, &remove))
    }

    fn delete_run(&self, run: RunId) -> std::result::Result<bool, StoreError> {
        let Some(mut left) = self.on_writer(move |writer| retain::begin_delete(writer, run))? else {
            return Ok(false);
        };
        while !left.is_empty() {
            left = self.on_writer(move |writer| {
                retain::delete_some(writer, &mut left)?;
                Ok(left)
            })?;
        }
        Ok(true)
    }

    fn prune_before(&self, before: i64) -> std::result::Result<Pruned, StoreError> {
        self.prune(Pruning::before(before))
    }

    fn prune_loose_before(&self, before: i64) -> std::result::Result<Pruned, StoreError> {
        self.prune(Pruning::loose_before(before))
    }

    fn delete_groups(
        &self,
        groups: Vec<TraceGroupId>,
        before: i64,
    ) -> std::result::Result<Pruned, StoreError> {
        self.prune(Pruning::of(groups, before))
    }

    fn delete_contents(
        &self,
        groups: Vec<TraceGroupId>,
        before: i64,
    ) -> std::result::Result<Pruned, StoreError> {
        let deletion = ContentDeletion::of(groups, before);
        Ok(self.in_slices(deletion, ContentDeletion::is_done, ContentDeletion::step)?.pruned)
    }

    fn set_pricing(&self, pricing: Pricing) -> std::result::Result<(), StoreError> {
        self.on_writer(move |writer| {
            writer.set_pricing(pricing);
            Ok(())
        })
    }

    fn counters(&self) -> Counters {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            records: load(&self.progress.records),
            duplicates: load(&self.progress.duplicates),
            metrics: load(&self.progress.metrics),
            index_lag: load(&self.progress.index_lag),
            is_repricing: self.progress.repricing.load(Ordering::Relaxed),
            reprojection: *lock(&self.progress.reprojection),
        }
    }

    fn health(&self) -> Health {
        let quarantined = self.progress.quarantined.load(Ordering::Relaxed);
        let moved = self.directory.moved();
        let commit_failure = lock(&self.progress.commit_failure)
            .as_ref()
            .map(|error| format!("the last commit failed: {error}"));
        let in_quarantine = (quarantined > 0).then(|| {
            format!(
                "{quarantined} requests, traces or messages are in quarantine; `turnscope doctor` says why"
            )
        });
        let said = [commit_failure, in_quarantine, self.progress.damage.in_words()];
        Health {
            failed: lock(&self.progress.failed)
                .clone()
                .map(|why| format!("the store's writer has ended: {why}")),
            stalled: moved,
            degraded: said.into_iter().flatten().collect(),
            quarantined,
        }
    }

    fn announce(&self, text: &str) -> std::result::Result<(), StoreError> {
        match &self.owner {
            Some(owner) => lock(&owner.lock).write(text),
            None => Err(StoreError::ReadOnly),
        }
    }

    fn end_maintenance(&self) {
        self.progress.maintenance.end();
    }

    fn free_unused_memory(&self) {
        self.readers.groups.forget_unused();
    }

    fn maintenance(&self) -> Option<&dyn Maintenance> {
        Some(self)
    }
}

impl Maintenance for SqliteStore {
    fn prune_to_size(&self, max_bytes: u64) -> std::result::Result<Pruned, StoreError> {
        self.prune(Pruning::to_size(max_bytes))
    }

    fn vacuum(&self) -> std::result::Result<(), StoreError> {
        self.in_slices(Vacuum::default(), Vacuum::is_done, Vacuum::step).map(drop)
    }

    fn backup(&self, to: &Path, progress: &mut dyn FnMut(u32, u32)) -> std::result::Result<(), StoreError> {
        let from: Connection = schema::open_reader(&self.path)?;
        Ok(retain::backup(&from, to, progress)?)
    }

    fn reproject(&self, groups: Option<Vec<TraceGroupId>>) -> std::result::Result<(), StoreError> {
        let owner = self.owner.as_ref().ok_or(StoreError::ReadOnly)?;
        let reprojector = owner.reprojector.as_ref().ok_or(StoreError::Unsupported("reprojection"))?;
        self.on_writer(reprojector.request(groups))?;
        reprojector.wake();
        Ok(())
    }

    fn retry_quarantined(&self) -> std::result::Result<u64, StoreError> {
        self.on_writer(|writer| writer.retry_quarantined(true))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let Some(owner) = &mut self.owner else { return };
        // It asks the writer for things: it ends before.
        drop(owner.reprojector.take());
        drop(owner.jobs.take());
        if let Some(writer) = owner.writer.take() {
            let _ = writer.join(); // a panic was caught, and said, in the thread
        }
    }
}

/// Creates a directory that only its owner can read: prompts hold what concerns nobody else.
fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
