//! An ingest in the trace, under the names that the role chooses.

use super::{IngestError, Ingested};
use crate::{Names, Role};
use turnscope::{CustomStep, Step};

/// The step that stands for it.
pub(super) enum Recorded {
    /// `initrunner.ingest`.
    InitRunner(CustomStep),
    /// The crate's own.
    Typed(turnscope::Ingest),
}

impl Recorded {
    /// Below the current step.
    pub(super) fn begin(role: &Role) -> Self {
        let place = turnscope::current();
        if role.names == Names::InitRunner {
            let step = place.custom("initrunner.ingest");
            step.set("initrunner.agent_name", role.name.clone());
            Self::InitRunner(step)
        } else {
            let step = place.ingest();
            step.set("gen_ai.agent.name", role.name.clone());
            Self::Typed(step)
        }
    }

    pub(super) fn step(&self) -> &Step {
        match self {
            Self::InitRunner(step) => step,
            Self::Typed(step) => step,
        }
    }

    /// Ends it with what was done, or what went wrong.
    pub(super) fn end(self, done: Result<&Ingested, &IngestError>) {
        let ingested = match done {
            Ok(ingested) => ingested,
            Err(error) => {
                self.step().fail(error.kind(), error.to_string());
                return;
            }
        };
        for (path, why) in &ingested.skipped {
            let what = [("file.path", path.display().to_string()), ("reason", why.clone())];
            self.step().event("document_skipped", what);
        }
        match self {
            Self::InitRunner(step) => {
                let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                step.set("initrunner.ingest.files_processed", count(ingested.files));
                step.set("initrunner.ingest.chunks_created", count(ingested.chunks));
            }
            Self::Typed(step) => {
                step.files(ingested.files as u64).chunks(ingested.chunks as u64);
            }
        }
    }
}
