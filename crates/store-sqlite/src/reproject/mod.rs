//! Facts of stored records, found again by the rules of today: a thread beside the writer reads records and looks at them, and
//! the writer writes those that are different.
//!
//! Here: the thread. What is to be looked at, and how far that has come: `plan`. What a look at a record gives: `look`. What
//! the writer does: `apply`. Not here: the rules (a function that the store is given), runs (`derive`).

mod apply;
mod look;
mod plan;

use crate::{
    error::{Error, Result, StoreError},
    isolate::{lock, panic_message},
    progress::Progress,
    read::StoredRecords,
    schema,
    writer::{Job, Writer},
};
use look::{Found, look};
use plan::Work;
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use turnscope_model::TraceGroupId;
use turnscope_store::{Reprojection, Rules};

/// Records that one slice looks at, at most; how many of them the writer may have to write; and how much they hold.
const LOOKED_AT: usize = 2000;
const WRITTEN: usize = 100;
const BYTES: usize = 4 << 20;
/// How long a slice may look.
const SLICE: Duration = Duration::from_millis(200);
/// How long to wait after a failure that may pass.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread, while its store is open.
pub(crate) struct Reprojector {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    version: i64,
}

impl Reprojector {
    /// Begins where another version of the rules made what is stored, or goes on. `db` is the writer's connection, before it
    /// works.
    pub(crate) fn start(
        db: &mut Connection,
        path: PathBuf,
        rules: Rules,
        jobs: Sender<Job>,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let version = rules.version;
        plan::begin(db, version)?;
        let is_running = plan::next(db)?.is_some();
        *lock(&progress.reprojection) = Reprojection { is_running, ..Reprojection::default() };
        let (wake, woken) = mpsc::channel();
        let mut worker = Worker { path, rules, jobs, progress, stored: StoredRecords::default() };
        let thread = std::thread::Builder::new()
            .name("store-reproject".into())
            .spawn(move || {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| worker.work(&woken))) {
                    let reason = panic_message(&*panic);
                    tracing::error!(reason, "finding facts again has ended; the next start goes on");
                    worker.end();
                }
            })
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        Ok(Self { wake: Some(wake), thread: Some(thread), version })
    }

    /// What the writer is to do so that these trace groups, or all, are looked at again.
    pub(crate) fn request(
        &self,
        groups: Option<Vec<TraceGroupId>>,
    ) -> impl FnOnce(&mut Writer) -> Result<()> + Send + 'static {
        let version = self.version;
        move |writer| {
            match groups {
                Some(groups) => plan::add_groups(&mut writer.db, &groups)?,
                None => plan::begin_all(&writer.db, version)?,
            }
            let mut reprojection = lock(&writer.progress.reprojection);
            if !reprojection.is_running {
                *reprojection = Reprojection { is_running: true, ..Reprojection::default() };
            }
            Ok(())
        }
    }

    /// Something was requested.
    pub(crate) fn wake(&self) {
        if let Some(wake) = &self.wake {
            let _ = wake.send(()); // it has ended, and said so
        }
    }
}

impl Drop for Reprojector {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic was caught, and said, in the thread
        }
    }
}

struct Worker {
    path: PathBuf,
    rules: Rules,
    jobs: Sender<Job>,
    progress: Arc<Progress>,
    stored: StoredRecords,
}

impl Worker {
    fn work(&mut self, woken: &Receiver<()>) {
        loop {
            let pause = match self.all(woken) {
                Ok(true) => None,
                Ok(false) | Err(Error::Store(StoreError::Closed)) => return,
                Err(error) if error.is_permanent() => {
                    tracing::error!(%error, "facts could not be found again; the next start goes on");
                    self.end();
                    None
                }
                Err(error) => {
                    tracing::warn!(%error, "facts could not be found again; it is tried again");
                    Some(PATIENCE)
                }
            };
            let ended = match pause {
                None => woken.recv().is_err(),
                Some(pause) => woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected),
            };
            if ended {
                return;
            }
        }
    }

    /// Looks at all there is to look at; `false` when the store is about to be closed.
    fn all(&mut self, woken: &Receiver<()>) -> Result<bool> {
        let mut db = schema::open_reader(&self.path)?;
        let mut left = None;
        loop {
            let began = Instant::now();
            let tx = db.transaction()?;
            let Some(work) = plan::next(&tx)? else {
                self.end();
                let Reprojection { done, changed, .. } = *lock(&self.progress.reprojection);
                if done > 0 {
                    tracing::info!(looked_at = done, changed, "facts of stored records were found again");
                }
                return Ok(true);
            };
            let left = match &mut left {
                Some(left) => left,
                None => left.insert(plan::left(&tx)?),
            };
            self.stored.refresh(&tx)?;
            let slice = self.slice(&tx, &work, began)?;
            tx.commit()?;
            let (looked_at, last) = (slice.looked_at, slice.last);
            let asked = Instant::now();
            let changed = self.on_writer(move |writer| {
                apply::apply(writer, slice.found, |tx| plan::advance(tx, &work, last))
            })?;
            *left = left.saturating_sub(looked_at);
            self.tell(looked_at, *left, changed);
            // As long as the writer was busy with it and with others before it.
            if woken.recv_timeout(asked.elapsed()) == Err(RecvTimeoutError::Disconnected)
                || self.progress.maintenance.is_over()
            {
                return Ok(false);
            }
        }
    }

    fn tell(&self, looked_at: u64, left: u64, changed: u64) {
        let mut known = lock(&self.progress.reprojection);
        *known = Reprojection {
            is_running: true,
            done: known.done + looked_at,
            left,
            changed: known.changed + changed,
        };
    }

    fn end(&self) {
        lock(&self.progress.reprojection).is_running = false;
    }

    fn slice(&mut self, db: &Connection, work: &Work, began: Instant) -> Result<Slice> {
        let ids = plan::ids(db, work, LOOKED_AT)?;
        let mut slice = Slice { found: Vec::new(), looked_at: 0, last: None };
        let mut bytes = 0;
        for id in ids {
            let (read, found) = look(db, &mut self.stored, &self.rules, id)?;
            bytes += read;
            slice.found.extend(found);
            slice.looked_at += 1;
            slice.last = Some(id);
            if slice.found.len() >= WRITTEN || bytes >= BYTES || began.elapsed() >= SLICE {
                break;
            }
        }
        Ok(slice)
    }

    fn on_writer<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, outcome) = mpsc::sync_channel(1);
        let job = Job::Call(Box::new(move |writer: &mut Writer| {
            let _ = done.send(writer.call(call));
        }));
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        outcome.recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

/// What one look over some records gave.
struct Slice {
    found: Vec<Found>,
    looked_at: u64,
    /// The last record that was looked at; `None` where there was none.
    last: Option<turnscope_model::RecordId>,
}
