//! The section `ingest` of a role file.

use serde::Deserialize;
use std::path::{Path, PathBuf};

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
    pub(crate) root: PathBuf,
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
