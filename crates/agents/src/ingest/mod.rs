//! An agent's documents: files are read, split into chunks, embedded, and stored in an index for the tool
//! `search_docs`. Only new and changed files are embedded again.

mod chunk;
mod index;
mod plan;
mod step;

pub use crate::role::ingest::Settings;

use crate::{
    Role,
    model::{Embedder, ModelError},
};
use index::Index;
use plan::Plan;
use std::path::{Path, PathBuf};
use step::IngestStep;
use turnscope::Step;

/// Why documents could not be ingested.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A path of the role cannot be read.
    #[error("cannot read the documents in {path}: {cause}", path = path.display())]
    Documents {
        /// The path.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// There are no text files below the paths.
    #[error("ingest.paths contain no text files")]
    Nothing,
    /// The embedding model failed.
    #[error("cannot embed the documents: {0}")]
    Model(#[from] ModelError),
    /// The index cannot be read or written.
    #[error("cannot use the index {path}: {cause}", path = path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

impl IngestError {
    fn index(path: &Path, cause: &dyn std::fmt::Display) -> Self {
        Self::Index { path: path.to_owned(), cause: cause.to_string() }
    }

    /// A short name: `error.type` in the trace.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Documents { .. } | Self::Nothing => "documents",
            Self::Model(error) => error.kind(),
            Self::Index { .. } => "index",
        }
    }
}

/// The outcome of an ingestion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// New or changed files.
    pub files: usize,
    /// Chunks made from them.
    pub chunks: usize,
    /// Files in the index now.
    pub known: usize,
    /// Files that are not text or too large, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
}

/// An agent's documents, ready for search.
#[derive(Clone, Debug)]
pub struct Documents {
    name: String,
    top_k: usize,
    index: Index,
    embedder: Embedder,
}

impl Documents {
    /// Updates the index of a role and returns it, or `None` if the role has no documents. `force` embeds
    /// everything again. If there is anything to embed, the ingestion is recorded as a child of the current
    /// step.
    ///
    /// # Errors
    /// When a path is missing, there are no text files, the embedding model fails, or the index cannot be
    /// written.
    pub async fn ingest(
        role: &Role,
        variable: impl Fn(&str) -> Option<String>,
        force: bool,
    ) -> Result<Option<(Self, Ingested)>, IngestError> {
        let Some(settings) = &role.ingest else { return Ok(None) };
        let embedder = Embedder::new(&settings.model, variable)?;
        let plan = Plan::make(settings, force);
        let (index, ingested) = if plan.as_ref().is_ok_and(Plan::is_empty) {
            plan?.execute(settings, &embedder, &turnscope::current()).await?
        } else {
            let step = IngestStep::begin(role);
            let done = match plan {
                Ok(plan) => plan.execute(settings, &embedder, step.step()).await,
                Err(error) => Err(error),
            };
            step.end(done.as_ref().map(|(_, ingested)| ingested));
            done?
        };
        let documents = Self { name: role.name.clone(), top_k: settings.top_k, index, embedder };
        Ok(Some((documents, ingested)))
    }

    /// The passages that best match a query, as text for a model. Recorded as a retrieval below `step`.
    ///
    /// # Errors
    /// When the query cannot be embedded.
    pub(crate) async fn search(&self, step: &Step, query: &str) -> Result<String, ModelError> {
        let retrieval = step.retrieval(self.name.clone());
        retrieval.top_k(self.top_k as u64).query(query);
        let vectors = match self.embedder.embed(&retrieval, &[query]).await {
            Ok(vectors) => vectors,
            Err(error) => {
                retrieval.fail(error.kind(), error.to_string());
                return Err(error);
            }
        };
        let hits = self.index.nearest(vectors.first().map_or(&[], Vec::as_slice), self.top_k);
        retrieval.documents(&hits);
        let passages: Vec<String> = hits.iter().map(|hit| format!("{}: {}", hit.id, hit.content)).collect();
        Ok(passages.join("\n\n"))
    }
}
