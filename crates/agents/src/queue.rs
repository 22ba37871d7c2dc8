//! A queue of tasks that is a folder: each task is a file, taken by renaming it, so that several workers can share it. A task
//! carries the trace that it belongs to, however much later it is done.

use crate::{Agent, AgentError, Answered, Asked};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use turnscope::Step;

/// A task that waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    asked: Asked,
    /// What `turnscope::join` reads: the trace, and the session as baggage.
    carrier: HashMap<String, String>,
}

/// A task that was taken: nobody else gets it.
#[derive(Debug)]
pub struct Taken {
    task: Task,
    file: PathBuf,
}

/// Tasks of one millisecond keep their order too.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Puts a task into the folder; it goes on from `step`.
pub(crate) fn put(folder: &Path, asked: Asked, step: &Step) -> io::Result<()> {
    let carrier = match &asked.session {
        Some(session) => step.with_baggage("session.id", session.clone()).carrier(),
        None => step.carrier(),
    };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{:013}-{number:06}-{}", crate::trail::now_ms(), crate::around::random_id());
    let (new, waiting) = (folder.join(format!("{name}.new")), folder.join(format!("{name}.json")));
    fs::create_dir_all(folder)?;
    fs::write(&new, serde_json::to_vec(&Task { asked, carrier })?)?;
    fs::rename(new, waiting)
}

/// Takes the oldest task from the folder, if one waits. What is no task is set aside as `*.failed`.
///
/// # Errors
/// When the folder cannot be read or changed.
pub fn take(folder: &Path) -> io::Result<Option<Taken>> {
    let mut waiting: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    waiting.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    waiting.sort();
    for path in waiting {
        let file = path.with_extension("taken");
        match fs::rename(&path, &file) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // another worker was faster
            Err(error) => return Err(error),
        }
        match serde_json::from_slice(&fs::read(&file)?) {
            Ok(task) => return Ok(Some(Taken { task, file })),
            Err(_) => fs::rename(&file, path.with_extension("failed"))?,
        }
    }
    Ok(None)
}

impl Taken {
    /// Has an agent do it, as a child run of the run that asked for it. Done tasks leave the folder; one that failed stays as
    /// `*.failed`, to be renamed to `*.json` by whoever wants it tried again.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn work(self, agent: &Agent) -> Result<Answered, AgentError> {
        let place = turnscope::join(&self.task.carrier);
        let outcome = place.around(agent.run(&self.task.asked)).await;
        // What became of the task is known; a folder that cannot be changed any more does not change that.
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
    fn tasks_are_taken_once_and_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let queue = folder.path().join("jobs");
        for prompt in ["one", "two"] {
            let asked = Asked { prompt: prompt.into(), trigger: "queue".into(), ..Asked::default() };
            put(&queue, asked, &turnscope::current()).unwrap();
        }
        fs::write(queue.join("0000000000000-none.json"), "no task").unwrap();
        let taken: Vec<String> =
            std::iter::from_fn(|| take(&queue).unwrap()).map(|task| task.task.asked.prompt).collect();
        assert_eq!(taken, ["one", "two"]);
        assert!(queue.join("0000000000000-none.failed").exists());
        assert!(take(&folder.path().join("gone")).is_err());
    }
}
