//! What an ingest has to do: which documents are new, have changed, or are gone.

use super::{
    IngestError, Ingested, Settings,
    chunk::chunks,
    index::{Chunk, Document, Index},
};
use crate::{files, model::Embedder, policy::hex};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use turnscope::Step;

/// What is to do.
pub(super) struct Plan {
    /// What stays as it is.
    index: Index,
    /// What is embedded, by its name: hash and text.
    changed: BTreeMap<String, (String, String)>,
    /// Whether anything is gone.
    shrinks: bool,
    skipped: Vec<(PathBuf, String)>,
}

impl Plan {
    /// Compares the documents with the index; `anew` as if there were none.
    pub(super) fn make(settings: &Settings, anew: bool) -> Result<Self, IngestError> {
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
            let hash = hex(&Sha256::digest(&text)[..16]);
            match before.files.remove(&name) {
                Some(document) if document.hash == hash && !anew => {
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

    /// Whether nothing is to be embedded.
    pub(super) fn is_idle(&self) -> bool {
        self.changed.is_empty()
    }

    /// Embeds what has to be, below `step`, and writes the index.
    pub(super) async fn carry_out(
        mut self,
        settings: &Settings,
        embedder: &Embedder,
        step: &Step,
    ) -> Result<(Index, Ingested), IngestError> {
        let cut = |text: &str| -> Vec<String> {
            chunks(text, settings.chunk_size, settings.chunk_overlap).into_iter().map(str::to_owned).collect()
        };
        let cut: Vec<(String, String, Vec<String>)> =
            self.changed.into_iter().map(|(name, (hash, text))| (name, hash, cut(&text))).collect();
        let texts: Vec<&str> =
            cut.iter().flat_map(|(_, _, pieces)| pieces.iter().map(String::as_str)).collect();
        let mut ingested =
            Ingested { files: cut.len(), chunks: texts.len(), known: 0, skipped: self.skipped };
        let mut vectors = embedder.embed(step, &texts).await?.into_iter();
        for (name, hash, pieces) in cut {
            let chunks = pieces.into_iter().zip(&mut vectors).map(|(text, vector)| Chunk { text, vector });
            self.index.files.insert(name, Document { hash, chunks: chunks.collect() });
        }
        ingested.known = self.index.files.len();
        if ingested.files > 0 || self.shrinks {
            self.index.save(&settings.index)?;
        }
        Ok((self.index, ingested))
    }
}

/// The documents by their names: the paths as seen from the role file.
fn documents(settings: &Settings) -> Result<BTreeMap<String, PathBuf>, IngestError> {
    let own = settings.index.canonicalize().ok();
    let mut found = BTreeMap::new();
    for path in &settings.paths {
        let below = files::below(path)
            .map_err(|error| IngestError::Documents { path: path.clone(), cause: error.to_string() })?;
        for file in below {
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
