//! A task queue in a directory. Each task is a file, claimed by renaming it, so that several workers can
//! share the queue. A task carries its trace context, however much later it runs.
//!
//! Not here: running a task (`work`).

use crate::{RunRequest, random_id::random_id, trail::now_ms};
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
pub(crate) struct Task {
    #[serde(alias = "asked")]
    pub(crate) request: RunRequest,
    /// The carrier for `turnscope::join`: trace context, and the session as baggage.
    pub(crate) carrier: HashMap<String, String>,
}

/// A claimed task: no other worker gets it.
#[derive(Debug)]
pub struct ClaimedTask {
    pub(crate) task: Task,
    pub(crate) file: PathBuf,
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
    let name = format!("{:013}-{number:06}-{}", now_ms(), random_id());
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
