//! The work of an ingestion: which documents are new, changed or gone.

use super::{
    IngestError, Ingested, Settings,
    chunk::chunks,
    index::{Chunk, Document, Index},
};
use crate::{files, model::Embedder};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use turnscope::Step;

/// The work to do.
pub(super) struct Plan {
    /// Unchanged documents.
    index: Index,
    /// Documents to embed, by name: hash and text.
    changed: BTreeMap<String, (String, String)>,
    /// Whether any document is gone.
    shrinks: bool,
    skipped: Vec<(PathBuf, String)>,
}

impl Plan {
    /// Compares the documents with the index; with `force`, all of them count as changed.
    pub(super) fn make(settings: &Settings, force: bool) -> Result<Self, IngestError> {
        let mut before = Index::load(settings)?;
        let known = before.files.len();
        let mut plan = Self {
            index: Index::empty(settings),
            changed: BTreeMap::new(),
            shrinks: false,
            skipped: Vec::new(),
        };
        for (name, path) in documents(settings)? {
            let text = match files::text(&path) {
                Ok(text) => text,
                Err(why) => {
                    plan.skipped.push((path, why));
                    continue;
                }
            };
            let hash = hex::encode(&Sha256::digest(&text)[..16]);
            match before.files.remove(&name) {
                Some(document) if document.hash == hash && !force => {
                    plan.index.files.insert(name, document);
                }
                _ => {
                    plan.changed.insert(name, (hash, text));
                }
            }
        }
        if plan.index.files.is_empty() && plan.changed.is_empty() {
            return Err(IngestError::Nothing);
        }
        plan.shrinks = known > 0 && !before.files.is_empty();
        Ok(plan)
    }

    /// Whether there is nothing to embed.
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// Embeds the documents, recording the calls below `step`, and saves the index.
    pub(super) async fn execute(
        mut self,
        settings: &Settings,
        embedder: &Embedder,
        step: &Step,
    ) -> Result<(Index, Ingested), IngestError> {
        let split = |text: &str| -> Vec<String> {
            chunks(text, settings.chunk_size, settings.chunk_overlap).into_iter().map(str::to_owned).collect()
        };
        let documents: Vec<(String, String, Vec<String>)> =
            self.changed.into_iter().map(|(name, (hash, text))| (name, hash, split(&text))).collect();
        let texts: Vec<&str> =
            documents.iter().flat_map(|(_, _, texts)| texts.iter().map(String::as_str)).collect();
        let mut ingested =
            Ingested { files: documents.len(), chunks: texts.len(), known: 0, skipped: self.skipped };
        let mut vectors = embedder.embed(step, &texts).await?.into_iter();
        for (name, hash, texts) in documents {
            let chunks = texts.into_iter().zip(&mut vectors).map(|(text, vector)| Chunk { text, vector });
            self.index.files.insert(name, Document { hash, chunks: chunks.collect() });
        }
        ingested.known = self.index.files.len();
        if ingested.files > 0 || self.shrinks {
            self.index.save(&settings.index)?;
        }
        Ok((self.index, ingested))
    }
}

/// The documents by name: their paths relative to the role file.
fn documents(settings: &Settings) -> Result<BTreeMap<String, PathBuf>, IngestError> {
    let own = settings.index.canonicalize().ok();
    let mut found = BTreeMap::new();
    for path in &settings.paths {
        let files = files::list(path)
            .map_err(|error| IngestError::Documents { path: path.clone(), cause: error.to_string() })?;
        for file in files {
            let is_own = own.is_some() && file.canonicalize().ok() == own;
            if !is_own {
                found.insert(name(&file, &settings.root), file);
            }
        }
    }
    Ok(found)
}

fn name(file: &Path, root: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}
