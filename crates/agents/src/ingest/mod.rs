//! An agent's documents: files are read, split into chunks, embedded, and stored in an index for the tool
//! `search_docs`. Only new and changed files are embedded again.

mod chunk;
mod index;
mod plan;
mod step;

use crate::{
    Role,
    model::{Embedder, ModelError},
};
use index::Index;
use plan::Plan;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use step::IngestStep;
use turnscope::Step;

/// The section `ingest` of a role: which documents, and how to index them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Files and folders, relative to the role file.
    pub paths: Vec<PathBuf>,
    /// The embedding model, called through OpenAI's API whatever the agent's own provider is.
    #[serde(default = "default_model")]
    pub model: String,
    /// Maximum length of a chunk, in characters.
    #[serde(default = "default_chunk_size")]
    pub chunk_size: usize,
    /// How much of a chunk the next one repeats, in characters.
    #[serde(default = "default_chunk_overlap")]
    pub chunk_overlap: usize,
    /// How many chunks a search returns.
    #[serde(default = "default_top_k")]
    pub top_k: usize,
    /// The index file. Default: `NAME.index.json` next to the role file NAME.yaml.
    #[serde(default)]
    pub index: PathBuf,
    /// The role file's directory. Document names are relative to it.
    #[serde(skip)]
    root: PathBuf,
}

fn default_model() -> String {
    "text-embedding-3-small".to_owned()
}

const fn default_chunk_size() -> usize {
    1000
}

const fn default_chunk_overlap() -> usize {
    100
}

const fn default_top_k() -> usize {
    3
}

impl Settings {
    /// Validates the settings; an error is the key and what is wrong.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.paths.is_empty() {
            return Err(("paths", "is empty".to_owned()));
        }
        if self.chunk_size < 50 {
            return Err(("chunk_size", format!("is {}; it must be at least 50 characters", self.chunk_size)));
        }
        if self.chunk_overlap > self.chunk_size / 2 {
            return Err((
                "chunk_overlap",
                format!("is {}; it must be at most half of chunk_size", self.chunk_overlap),
            ));
        }
        if self.top_k == 0 {
            return Err(("top_k", "is 0; it must be at least 1".to_owned()));
        }
        Ok(())
    }

    /// Resolves the paths relative to the role file.
    pub(crate) fn resolve_paths(&mut self, role_file: &Path) {
        role_file.parent().unwrap_or(Path::new("")).clone_into(&mut self.root);
        for path in &mut self.paths {
            *path = self.root.join(&*path);
        }
        self.index = if self.index.as_os_str().is_empty() {
            role_file.with_extension("index.json")
        } else {
            self.root.join(&self.index)
        };
    }
}

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
