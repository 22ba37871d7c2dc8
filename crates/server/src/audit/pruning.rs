//! Prunes the trail hourly, whoever writes it.

use crate::{clock::now_ms, state::App};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::task::JoinHandle;
use turnscope_audit::{AuditError, Key, Pruned, Reader, Trail};

/// How often the trail is pruned.
const HOURLY: Duration = Duration::from_secs(3600);

/// Prunes the trail from now on; `None` when everything is kept.
pub(crate) fn spawn_pruning(app: &Arc<App>) -> Option<JoinHandle<()>> {
    let keep = i64::try_from(app.audit.retention?.as_millis()).ok()?;
    Some(tokio::spawn(hourly(app.data.clone(), app.audit.key.clone(), keep)))
}

async fn hourly(data: PathBuf, key: Option<Key>, keep_ms: i64) {
    loop {
        let (data, key) = (data.clone(), key.clone());
        let pruned = tokio::task::spawn_blocking(move || prune(&data, key, keep_ms));
        match pruned.await {
            Ok(Ok(pruned)) if pruned.through > 0 => {
                tracing::info!(runs = pruned.runs, decisions = pruned.decisions, "pruned the audit trail");
            }
            Ok(Ok(_) | Err(AuditError::NoTrail(_))) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "pruning the audit trail failed; it is tried again in an hour");
            }
            Err(error) => {
                tracing::error!(%error, "pruning the audit trail panicked; it is tried again in an hour");
            }
        }
        tokio::time::sleep(HOURLY).await;
    }
}

/// Removes what is older than `keep_ms`. It makes no trail where there is none.
fn prune(data: &Path, key: Option<Key>, keep_ms: i64) -> Result<Pruned, AuditError> {
    Reader::open(data)?;
    Trail::open(data, key)?.prune(now_ms().saturating_sub(keep_ms), now_ms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnscope_audit::{Entry, Filter, RunEntry, Source};

    const DAY_MS: i64 = 24 * 3600 * 1000;

    #[tokio::test(start_paused = true)]
    async fn what_is_old_goes_within_the_hour_and_what_is_new_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let pruning = tokio::spawn(hourly(folder.path().to_owned(), None, 30 * DAY_MS));
        tokio::time::sleep(HOURLY / 2).await;
        assert!(!folder.path().join(turnscope_audit::FILE).exists(), "pruning makes no trail");
        let old = now_ms() - 31 * DAY_MS;
        {
            let mut trail = Trail::open(folder.path(), None).expect("a trail");
            for (agent, at) in [("old", old), ("new", now_ms())] {
                let run = RunEntry {
                    agent: Some(agent.to_owned()),
                    started_at: at,
                    ended_at: at,
                    ..RunEntry::default()
                };
                trail.append(&Entry::Run(run), Source::Server, at).expect("a record");
            }
        }
        tokio::time::sleep(HOURLY).await; // no timer is advanced while the pruning works
        let reader = Reader::open(folder.path()).expect("a trail");
        let kept = reader.records(&Filter::default()).expect("records");
        let agents: Vec<_> = kept
            .iter()
            .map(|record| match &record.entry {
                Entry::Run(run) => run.agent.clone(),
                Entry::Decision(decision) => decision.agent.clone(),
            })
            .collect();
        assert_eq!(agents, [Some("new".to_owned())]);
        pruning.abort();
    }
}
