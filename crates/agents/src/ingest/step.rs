//! The step that records an ingestion, named as the role configures.

use super::{IngestError, Ingested};
use crate::{Names, Role};
use turnscope::{CustomStep, Step};

/// The recorded step.
pub(super) enum IngestStep {
    /// `initrunner.ingest`.
    InitRunner(CustomStep),
    /// The SDK's own ingestion step.
    Typed(turnscope::Ingest),
}

impl IngestStep {
    /// Begins the step as a child of the current one.
    pub(super) fn begin(role: &Role) -> Self {
        let parent = turnscope::current();
        if role.names == Names::InitRunner {
            let step = parent.custom("initrunner.ingest");
            step.set("initrunner.agent_name", role.name.clone());
            Self::InitRunner(step)
        } else {
            let step = parent.ingest();
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

    /// Ends the step with the outcome.
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
