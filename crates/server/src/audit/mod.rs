//! Keeps audit records of what the server receives (`--audit received`), and prunes the trail.
//!
//! The promise: each run that has ended, or was given up, is recorded once, when nothing has come for it for a while; each
//! policy decision once, and once more when a human has answered. What ended while the server was down, or came shortly
//! before it was killed, is made up for at the next start. A record is never changed: what comes after it (later spans, a
//! root above) changes the run, not its record.
//!
//! Here: when to look at a run. What is then written: `entries`. Pruning: `pruning`.

mod entries;
mod pruning;

pub(crate) use pruning::spawn_pruning;

use crate::{
    ServeError,
    clock::now_ms,
    live::{Changed, What},
    state::App,
};
use entries::entries;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{broadcast::error::RecvError, oneshot},
    task::JoinHandle,
};
use turnscope_audit::{AuditError, Entry, Source, Trail};
use turnscope_model::{RunId, RunStatus};
use turnscope_query::{Run, RunCursor, RunFilter, RunPageQuery};
use turnscope_store::{ReadLimit, StoreError, catch_up};

/// How often runs are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Runs that are recorded in one transaction.
const AT_ONCE: usize = 200;
/// How long the end waits for the runs of what was acknowledged last.
const CATCH_UP: Duration = Duration::from_secs(2);
/// How long after a failure the same runs are tried again.
const AFTER_FAILURE_MS: i64 = 30_000;

/// Runs that changed, each with when it is to be looked at.
type Waiting = Arc<Mutex<HashMap<RunId, i64>>>;

/// The task that records.
pub(crate) struct Recording {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Recording {
    /// Records what has ended, once nothing more is received.
    pub(crate) async fn finish(self, deadline: tokio::time::Instant) {
        let _ = self.stop.send(());
        if tokio::time::timeout_at(deadline, self.task).await.is_err() {
            tracing::warn!("audit records of some runs wait for the next start");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Records runs as they end; `None` where that was not asked for.
pub(crate) fn spawn_recording(app: &Arc<App>) -> Result<Option<Recording>, ServeError> {
    if !app.audit.received {
        return Ok(None);
    }
    let trail = Trail::open(&app.data, app.audit.key.clone())?;
    let trail = Arc::new(Mutex::new(trail));
    let waiting = Waiting::default();
    let gathering = tokio::spawn(gather(Arc::clone(app), Arc::clone(&waiting)));
    let app = Arc::clone(app);
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        make_up(&app, &trail, &waiting).await;
        while tokio::time::timeout(EVERY, &mut stopped).await.is_err() {
            record_due(&app, &trail, &waiting, now_ms()).await;
        }
        // What was acknowledged last may not be projected yet; the live stream, which would tell of it, is closed.
        let last = gathering.await.unwrap_or_default();
        blocking(&app, &trail, |app, _| catch_up(&*app.store, CATCH_UP)).await;
        for changed in app.live.changes_after(last).unwrap_or_default() {
            note(&waiting, changed, 0);
        }
        record_due(&app, &trail, &waiting, i64::MAX).await;
    });
    Ok(Some(Recording { task, stop }))
}

/// Notes what changes, until the live stream closes; gives the last event that it saw. It does nothing else, so that it
/// never falls behind.
async fn gather(app: Arc<App>, waiting: Waiting) -> u64 {
    let settle = i64::try_from(app.audit.settle.as_millis()).unwrap_or(i64::MAX);
    let (changes, mut last) = app.live.follow_changes();
    drop(app);
    let Some(mut changes) = changes else { return last };
    loop {
        match changes.recv().await {
            Ok(changed) => {
                last = changed.id;
                note(&waiting, changed, settle);
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "audit records of some runs wait for the next start");
            }
            Err(RecvError::Closed) => return last,
        }
    }
}

/// Notes a run that changed, to be looked at once it has settled.
fn note(waiting: &Waiting, changed: Changed, settle: i64) {
    if let What::Run(change) = changed.what {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if change.gone {
            waiting.remove(&change.run_id);
        } else {
            waiting.insert(change.run_id, now_ms().saturating_add(settle));
        }
    }
}

/// Records the runs whose time has come.
async fn record_due(app: &Arc<App>, trail: &Arc<Mutex<Trail>>, waiting: &Waiting, now: i64) {
    loop {
        let due: Vec<RunId> = {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let due: Vec<RunId> =
                waiting.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).take(AT_ONCE).collect();
            waiting.retain(|id, _| !due.contains(id));
            due
        };
        if due.is_empty() {
            return;
        }
        let later = blocking(app, trail, move |app, trail| record_each(app, trail, &due)).await;
        if now == i64::MAX {
            continue; // the last time: nothing is looked at again
        }
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, at) in later.unwrap_or_default() {
            waiting.entry(id).or_insert(at);
        }
    }
}

/// Records what ended while nobody recorded, newest first.
async fn make_up(app: &Arc<App>, trail: &Arc<Mutex<Trail>>, waiting: &Waiting) {
    let mut after: Option<Option<RunCursor>> = Some(None);
    while let Some(from) = after {
        let waiting = Arc::clone(waiting);
        let next = blocking(app, trail, move |app, trail| -> Result<_, RecordError> {
            let page = RunPageQuery {
                limit: AT_ONCE as u32,
                after: from,
                descending: true,
                ..RunPageQuery::default()
            };
            let moment = app.moment();
            let list = app.store.reader(&ReadLimit::none())?.runs(&RunFilter::default(), &page, moment)?;
            let pruned_before = trail.reader().pruned_before()?;
            let mut runs = Vec::new();
            for listed in list.runs {
                let run = listed.run;
                let recorded_at = trail.reader().run_recorded_at(&entries::origin(&run, moment))?;
                if run.received_at >= pruned_before && recorded_at.is_none_or(|at| at < run.received_at) {
                    runs.push(run);
                }
            }
            let failed = record(app, trail, &runs).failed;
            app.unrecorded.update(&[], &failed);
            if !failed.is_empty() {
                let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.extend(failed.into_iter().map(|id| (id, now_ms() + AFTER_FAILURE_MS)));
            }
            Ok(list.next)
        });
        after = match next.await {
            Some(Ok(next)) => next.map(Some),
            Some(Err(error)) => {
                tracing::error!(%error, "older runs could not be recorded in the audit trail; the next start tries again");
                None
            }
            None => None,
        };
    }
}

/// What became of some runs.
#[derive(Debug, Default)]
struct Recorded {
    /// Those that still run, with when to look at them again.
    running: Vec<(RunId, i64)>,
    /// Those that could not be recorded.
    failed: Vec<RunId>,
}

/// Records these runs. Gives those to look at again, with when.
fn record_each(app: &App, trail: &mut Trail, due: &[RunId]) -> Vec<(RunId, i64)> {
    let read =
        |ids: &[RunId]| app.store.reader(&ReadLimit::none()).and_then(|mut reader| reader.runs_by_id(ids));
    // One run that cannot be read does not keep the others from being recorded.
    let mut failed = Vec::new();
    let runs = read(due).unwrap_or_else(|_| {
        let mut runs = Vec::new();
        for id in due {
            match read(&[*id]) {
                Ok(found) => runs.extend(found),
                Err(error) => {
                    tracing::error!(run = %id, %error, "a run could not be read for the audit trail");
                    failed.push(*id);
                }
            }
        }
        runs
    });
    let recorded = record(app, trail, &runs);
    failed.extend(recorded.failed);
    app.unrecorded.update(due, &failed);
    let again = now_ms() + AFTER_FAILURE_MS;
    recorded.running.into_iter().chain(failed.into_iter().map(|id| (id, again))).collect()
}

/// Records what is to be said of these runs: in one transaction, or run by run where that fails.
fn record(app: &App, trail: &mut Trail, runs: &[Run]) -> Recorded {
    let moment = app.moment();
    let mut recorded = Recorded::default();
    let mut told: Vec<(RunId, Vec<(String, Entry)>)> = Vec::new();
    for run in runs {
        let group = || app.store.reader(&ReadLimit::none())?.group(run.group);
        let has_verdicts = run.verdicts.iter().any(|count| *count > 0);
        match has_verdicts.then(group).transpose() {
            Ok(group) => told.push((run.run_id, entries(run, group.as_deref(), moment))),
            Err(error) => {
                tracing::error!(run = %run.run_id, %error, "the decisions of a run could not be read for the audit trail");
                recorded.failed.push(run.run_id);
                continue;
            }
        }
        if run.status(moment.now_ms, moment.inactivity_ms).0 == RunStatus::Running {
            let again = run.received_at.saturating_add(moment.inactivity_ms + 1000);
            recorded.running.push((run.run_id, again));
        }
    }
    told.retain(|(_, entries)| !entries.is_empty());
    let all: Vec<_> = told.iter().flat_map(|(_, entries)| entries.iter().cloned()).collect();
    if all.is_empty() || trail.append_once(&all, Source::Server, now_ms()).is_ok() {
        return recorded;
    }
    for (id, entries) in told {
        if let Err(error) = trail.append_once(&entries, Source::Server, now_ms()) {
            tracing::error!(run = %id, %error, "a run could not be recorded in the audit trail; it is tried again in half a minute");
            recorded.failed.push(id);
        }
    }
    recorded
}

/// Does this on a blocking thread; `None` when it panicked.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    trail: &Arc<Mutex<Trail>>,
    work: impl FnOnce(&App, &mut Trail) -> T + Send + 'static,
) -> Option<T> {
    let (app, trail) = (Arc::clone(app), Arc::clone(trail));
    let done = tokio::task::spawn_blocking(move || {
        work(&app, &mut trail.lock().unwrap_or_else(PoisonError::into_inner))
    })
    .await;
    done.inspect_err(|error| tracing::error!(%error, "recording in the audit trail panicked")).ok()
}
