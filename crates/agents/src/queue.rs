//! A task queue in a directory. Each task is a file, claimed by renaming it, so that several workers can
//! share the queue. A task carries its trace context, however much later it runs.

use crate::{Agent, AgentError, RunRequest, RunResult};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use turnscope::Step;

/// A waiting task.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    #[serde(alias = "asked")]
    request: RunRequest,
    /// The carrier for `turnscope::join`: trace context, and the session as baggage.
    carrier: HashMap<String, String>,
}

/// A claimed task: no other worker gets it.
#[derive(Debug)]
pub struct ClaimedTask {
    task: Task,
    file: PathBuf,
}

/// Keeps the order of tasks from the same millisecond.
static SEQUENCE: AtomicU32 = AtomicU32::new(0);

/// Puts a task into the directory, with the context of `step`.
pub(crate) fn put(folder: &Path, request: RunRequest, step: &Step) -> io::Result<()> {
    let carrier = match &request.session {
        Some(session) => step.with_baggage("session.id", session.clone()).carrier(),
        None => step.carrier(),
    };
    let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let name = format!("{:013}-{number:06}-{}", crate::trail::now_ms(), crate::enclosing_spans::random_id());
    let (new, waiting) = (folder.join(format!("{name}.new")), folder.join(format!("{name}.json")));
    fs::create_dir_all(folder)?;
    fs::write(&new, serde_json::to_vec(&Task { request, carrier })?)?;
    fs::rename(new, waiting)
}

/// Claims the oldest waiting task, if there is one. An invalid file is renamed to `*.failed`.
///
/// # Errors
/// When the directory cannot be read or written.
pub fn claim(folder: &Path) -> io::Result<Option<ClaimedTask>> {
    let mut waiting: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    waiting.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    waiting.sort();
    for path in waiting {
        let file = path.with_extension("taken");
        match fs::rename(&path, &file) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // claimed by another worker
            Err(error) => return Err(error),
        }
        match serde_json::from_slice(&fs::read(&file)?) {
            Ok(task) => return Ok(Some(ClaimedTask { task, file })),
            Err(_) => fs::rename(&file, path.with_extension("failed"))?,
        }
    }
    Ok(None)
}

impl ClaimedTask {
    /// Runs the task with an agent, as a child run of the run that queued it. A completed task is removed; a
    /// failed one is renamed to `*.failed`, and can be renamed to `*.json` to retry it.
    ///
    /// # Errors
    /// When the run fails.
    pub async fn work(self, agent: &Agent) -> Result<RunResult, AgentError> {
        let parent = turnscope::join(&self.task.carrier);
        let outcome = parent.scope(agent.run(&self.task.request)).await;
        // The task's outcome matters more than whether the directory can still be changed.
        let _ = match outcome {
            Ok(_) => fs::remove_file(&self.file),
            Err(_) => fs::rename(&self.file, self.file.with_extension("failed")),
        };
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_claimed_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let queue = folder.path().join("jobs");
        for prompt in ["one", "two"] {
            let request =
                RunRequest { prompt: prompt.into(), trigger: "queue".into(), ..RunRequest::default() };
            put(&queue, request, &turnscope::current()).unwrap();
        }
        fs::write(queue.join("0000000000000-none.json"), "no task").unwrap();
        let taken: Vec<String> =
            std::iter::from_fn(|| claim(&queue).unwrap()).map(|task| task.task.request.prompt).collect();
        assert_eq!(taken, ["one", "two"]);
        assert!(queue.join("0000000000000-none.failed").exists());
        assert!(claim(&folder.path().join("gone")).is_err());
    }
}
