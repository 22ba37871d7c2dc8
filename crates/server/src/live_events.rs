//! The task behind the live stream: reads the runs that changed, once, however many clients listen.

use crate::{
    live::{Changed, Event, What},
    state::App,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};
use turnscope_answers::{AnswerError, Answers, wire_run};
use turnscope_model::RunId;
use turnscope_query::Run;

/// Changes of the same run within this time are told once.
const GATHERING: Duration = Duration::from_millis(100);

/// The task that reads what changed, once for all clients.
pub(crate) fn spawn_reading(app: &Arc<App>) -> JoinHandle<()> {
    let live = app.live.clone();
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        let (Some(mut changes), _) = live.follow_changes() else { return };
        loop {
            let mut gathered = Vec::new();
            match changes.recv().await {
                Ok(changed) => gathered.push(changed),
                Err(RecvError::Lagged(_)) => {
                    let (_, latest) = live.follow_changes();
                    live.send(vec![Event::gap(latest)]);
                    continue;
                }
                Err(RecvError::Closed) => return,
            }
            tokio::time::sleep(GATHERING).await;
            while let Ok(changed) = changes.try_recv() {
                gathered.push(changed);
            }
            if !live.has_clients() {
                continue;
            }
            let Some(app) = app.upgrade() else { return };
            let events = events_of(&app, gathered).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "changed runs could not be read for the live stream");
                vec![Event::gap(live.follow_changes().1)]
            });
            live.send(events);
        }
    })
}

/// The events that tell of these changes: the last change of each run, with the run as it is now. An error when the runs
/// cannot be read now.
pub(crate) async fn events_of(app: &Arc<App>, changes: Vec<Changed>) -> Result<Vec<Event>, AnswerError> {
    let mut runs: BTreeMap<RunId, u64> = BTreeMap::new();
    let mut scores: BTreeMap<RunId, u64> = BTreeMap::new();
    for changed in changes {
        match changed.what {
            What::Run(change) => runs.insert(change.run_id, changed.id),
            What::Score(run_id) => scores.insert(run_id, changed.id),
        };
    }
    let ids: Vec<RunId> = runs.keys().copied().collect();
    let found = if ids.is_empty() {
        HashMap::new()
    } else {
        app.ask(move |answers| read_runs(answers, &ids)).await?
    };
    let moment = app.moment();
    let run_event = |(run_id, id): (RunId, u64)| {
        let data = match found.get(&run_id) {
            Some(run) => serde_json::json!({ "run_id": run_id, "run": wire_run(run, moment) }),
            None => serde_json::json!({ "run_id": run_id, "gone": true }),
        };
        Event { id, name: "run", data: data.to_string().into() }
    };
    let score_event = |(run_id, id): (RunId, u64)| Event {
        id,
        name: "score",
        data: serde_json::json!({ "run_id": run_id }).to_string().into(),
    };
    let mut events: Vec<Event> =
        runs.into_iter().map(run_event).chain(scores.into_iter().map(score_event)).collect();
    events.sort_by_key(|event| event.id);
    Ok(events)
}

/// Runs read at once.
const AT_ONCE: usize = 500;

fn read_runs(answers: &Answers, ids: &[RunId]) -> Result<HashMap<RunId, Run>, AnswerError> {
    let mut reader = answers.store.reader(&answers.limit)?;
    let mut found = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        found.extend(reader.runs_by_id(ids)?.into_iter().map(|run| (run.run_id, run)));
    }
    Ok(found)
}
