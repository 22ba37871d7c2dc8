//! What an agent knows from documents: files are read, cut in pieces, embedded, and kept in an index that its tool
//! `search_docs` answers from. Only what is new or has changed is embedded again.

mod chunk;
mod index;
mod plan;
mod recorded;

use crate::{
    Role,
    model::{Embedder, ModelError},
};
use index::Index;
use plan::Plan;
use recorded::Recorded;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use turnscope::Step;

/// The section `ingest` of a role: which documents, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Files and folders, relative to the role file.
    pub paths: Vec<PathBuf>,
    /// The model that embeds, asked as `OpenAI`'s are, whomever the agent asks.
    #[serde(default = "default_model")]
    pub model: String,
    /// The longest piece, in characters.
    #[serde(default = "default_chunk_size")]
    pub chunk_size: usize,
    /// How much of a piece the next one repeats, in characters.
    #[serde(default = "default_chunk_overlap")]
    pub chunk_overlap: usize,
    /// How many pieces a search gives.
    #[serde(default = "default_top_k")]
    pub top_k: usize,
    /// Where the index is kept; `NAME.index.json` beside a role file NAME.yaml.
    #[serde(default)]
    pub index: PathBuf,
    /// The role file's folder, to which documents' names are relative.
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
    /// What is wrong with them: the key, and why.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.paths.is_empty() {
            return Err(("paths", "is empty".to_owned()));
        }
        if self.chunk_size < 50 {
            return Err(("chunk_size", format!("is {}; at least 50 characters", self.chunk_size)));
        }
        if self.chunk_overlap > self.chunk_size / 2 {
            return Err(("chunk_overlap", format!("is {}; at most half of chunk_size", self.chunk_overlap)));
        }
        if self.top_k == 0 {
            return Err(("top_k", "is 0; at least 1".to_owned()));
        }
        Ok(())
    }

    /// The same, seen from where the role file is.
    pub(crate) fn beside(&mut self, role_file: &Path) {
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
    /// There is no text below the paths.
    #[error("there is no text in the documents' paths")]
    Nothing,
    /// The model gave no vectors.
    #[error("the documents cannot be embedded: {0}")]
    Model(#[from] ModelError),
    /// The index cannot be read or written.
    #[error("the index {path} cannot be used: {cause}", path = path.display())]
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

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Files that were new or had changed.
    pub files: usize,
    /// Pieces that they made.
    pub chunks: usize,
    /// Files that the index holds now.
    pub known: usize,
    /// Files that are no text or too large, each with the reason.
    pub skipped: Vec<(PathBuf, String)>,
}

/// An agent's documents, ready to be searched.
#[derive(Clone, Debug)]
pub struct Documents {
    name: String,
    top_k: usize,
    index: Index,
    embedder: Embedder,
}

impl Documents {
    /// Brings the index of a role up to date, and gives it; `None` where the role has no documents. With `anew`, all is
    /// embedded again. It is recorded below the current step where there is anything to embed.
    ///
    /// # Errors
    /// When a path is missing, there is no text at all, the model gives no vectors, or the index cannot be written.
    pub async fn ingest(
        role: &Role,
        variable: impl Fn(&str) -> Option<String>,
        anew: bool,
    ) -> Result<Option<(Self, Ingested)>, IngestError> {
        let Some(settings) = &role.ingest else { return Ok(None) };
        let embedder = Embedder::new(&settings.model, variable)?;
        let plan = Plan::make(settings, anew);
        let (index, ingested) = if plan.as_ref().is_ok_and(Plan::is_idle) {
            plan?.carry_out(settings, &embedder, &turnscope::current()).await?
        } else {
            let recorded = Recorded::begin(role);
            let done = match plan {
                Ok(plan) => plan.carry_out(settings, &embedder, recorded.step()).await,
                Err(error) => Err(error),
            };
            recorded.end(done.as_ref().map(|(_, ingested)| ingested));
            done?
        };
        let documents = Self { name: role.name.clone(), top_k: settings.top_k, index, embedder };
        Ok(Some((documents, ingested)))
    }

    /// The passages that fit a query best, as text for a model; recorded as a retrieval below `step`.
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
