//! The store as the rest of the program holds it: one writer thread, readers beside it.

use crate::{
    blocks::Blocks,
    commit::{Batch, Stored},
    content::Lists,
    lock::Lock,
    pricing::Pricing,
    projector::Change,
    query::Views,
    search::{Indexer, TextOf},
    sqlite::{self, StoreError},
    writer::{CommitError, Job, Progress, Writer},
};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};

/// The database's name within the data directory.
pub const FILE: &str = "turnscope.db";
/// Readers kept open; more are opened when all are busy.
const READERS: usize = 4;

/// How a store is opened.
pub struct Options {
    /// Gives a content's searchable text; without it nothing can be searched.
    pub text_of: Option<TextOf>,
    /// Prices calls; without it only what clients report is known.
    pub pricing: Option<Pricing>,
    /// Called on the writer's thread with every run that changed: must not block.
    pub on_change: Box<dyn Fn(Vec<Change>) + Send>,
}

impl Default for Options {
    fn default() -> Self {
        Self { text_of: None, pricing: None, on_change: Box::new(|_| ()) }
    }
}

/// The writer's own figures since the start.
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
}

/// A data directory, owned by this process. Dropping it drains the queue, brings everything up to date and closes it.
pub struct Store {
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    progress: Arc<Progress>,
    readers: Readers,
    lock: Mutex<Lock>,
}

impl Store {
    /// Opens (and creates) the store in a directory and starts its writer.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| StoreError::Io { path: directory.display().to_string(), source })?;
        let lock = Lock::take(directory)?;
        let path = directory.join(FILE);
        let db = sqlite::open_writer(&path)?;
        let indexer = Indexer::new(&db, options.text_of)?;
        let progress = Arc::new(Progress::default());
        let writer = Writer::new(db, indexer, options.pricing, Arc::clone(&progress), options.on_change)?;
        let (jobs, inbox) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.work(&inbox))
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        Ok(Self {
            jobs: Some(jobs),
            writer: Some(writer),
            progress,
            readers: Readers::new(path),
            lock: Mutex::new(lock),
        })
    }

    /// Hands a batch to the writer. `reply` is called once it is durable, or is not; the caller bounds what waits.
    pub fn commit(&self, batch: Batch, reply: impl FnOnce(Result<Stored, CommitError>) + Send + 'static) {
        let Some(jobs) = &self.jobs else { return reply(Err(CommitError::Closed)) };
        if let Err(mpsc::SendError(Job::Commit(_, reply))) = jobs.send(Job::Commit(batch, Box::new(reply))) {
            reply(Err(CommitError::Closed));
        }
    }

    /// As [`Store::commit`], waiting for the outcome.
    pub fn commit_and_wait(&self, batch: Batch) -> Result<Stored, CommitError> {
        let (done, outcome) = mpsc::sync_channel(1);
        self.commit(batch, move |stored| {
            let _ = done.send(stored);
        });
        outcome.recv().unwrap_or(Err(CommitError::Closed))
    }

    /// Runs something on the writer's thread and waits for it.
    pub(crate) fn on_writer<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let job = Job::Call(Box::new(move |writer: &mut Writer| {
            let _ = done.send(call(writer));
        }));
        self.jobs.as_ref().ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)?;
        outcome.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Waits until the runs of all that was acknowledged are written, so that a reader sees its own writes; `false`
    /// when the time ran out (very large runs are brought up to date at intervals).
    pub fn catch_up(&self, timeout: Duration) -> bool {
        self.progress.catch_up(timeout)
    }

    /// Brings the runs of very large units up to date too, which otherwise rest for a while, and waits for it.
    pub fn bring_up_to_date(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            writer.project(true);
            Ok(())
        })
    }

    /// From now on these prices hold; runs that were priced otherwise follow in the background.
    pub fn set_pricing(&self, pricing: Pricing) -> Result<(), StoreError> {
        self.on_writer(move |writer| {
            writer.set_pricing(pricing);
            Ok(())
        })
    }

    /// Answers a question from a consistent view of the store.
    pub fn read<T>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.read(question)
    }

    /// Frees what was kept of large runs that nobody has asked for in a minute; to be called now and then.
    pub fn forget_unused(&self) {
        self.readers.views.forget_unused();
    }

    /// The writer's figures.
    pub fn counters(&self) -> Counters {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            records: load(&self.progress.records),
            duplicates: load(&self.progress.duplicates),
            metrics: load(&self.progress.metrics),
            index_lag: self.progress.index_lag.load(Ordering::Relaxed).max(0) as u64,
            is_repricing: self.progress.repricing.load(Ordering::Relaxed),
        }
    }

    /// Writes into the lock file who owns the directory and where it listens, as JSON.
    pub fn announce(&self, text: &str) -> Result<(), StoreError> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).write(text)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer panicked; what was acknowledged is durable");
        }
    }
}

/// A store opened for reading only, beside its owner or without one.
pub struct ReadOnly {
    readers: Readers,
}

impl ReadOnly {
    /// Opens the store in a directory; an error when there is none.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        if !path.exists() {
            return Err(StoreError::Io {
                path: path.display().to_string(),
                source: std::io::Error::new(std::io::ErrorKind::NotFound, "no store here"),
            });
        }
        sqlite::check(&sqlite::open_reader(&path)?)?;
        Ok(Self { readers: Readers::new(path) })
    }

    /// Answers a question from a consistent view of the store.
    pub fn read<T>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.read(question)
    }
}

/// One reader: a connection within a read transaction, and a cache of blocks.
pub struct Reader {
    pub(crate) db: Connection,
    pub(crate) blocks: Blocks,
    /// Lists decoded for this question: those of the next turn are coded against them.
    pub(crate) lists: Lists,
    pub(crate) views: Views,
}

impl Reader {
    /// Looks at the store as it is now, instead of at when the question began.
    pub fn renew(&mut self) -> Result<(), StoreError> {
        self.db.execute_batch("COMMIT; BEGIN")?;
        self.lists.clear();
        self.blocks.refresh(&self.db)
    }
}

struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    views: Views,
}

impl Readers {
    fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), views: Views::default() }
    }

    fn read<T>(&self, question: impl FnOnce(&mut Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader {
                db: sqlite::open_reader(&self.path)?,
                blocks: Blocks::new(),
                lists: Lists::default(),
                views: self.views.clone(),
            },
        };
        reader.db.execute_batch("BEGIN")?;
        reader.blocks.refresh(&reader.db)?;
        let answer = question(&mut reader);
        reader.db.execute_batch("COMMIT")?;
        reader.lists.clear();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS {
            idle.push(reader);
        }
        answer
    }
}
