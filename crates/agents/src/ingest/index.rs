//! The index of an agent's documents: each file's hash and its chunks with their vectors. One JSON file,
//! which can be deleted at any time.

use super::{IngestError, Settings};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::Error as _};
use std::{collections::BTreeMap, fs, io, path::Path};

/// The file's format and version.
const KIND: &str = "turnscope-agents index 1";

/// The chunks of all documents, with the settings they were made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    kind: String,
    model: String,
    chunk_size: usize,
    chunk_overlap: usize,
    /// The documents by name.
    pub(super) files: BTreeMap<String, Document>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    /// Hash of the text.
    pub(super) hash: String,
    pub(super) chunks: Vec<Chunk>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) text: String,
    #[serde(serialize_with = "packed", deserialize_with = "unpacked")]
    pub(super) vector: Vec<f32>,
}

/// A chunk found by a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Hit<'a> {
    pub(super) id: &'a str,
    pub(super) content: &'a str,
    pub(super) score: f32,
}

impl Index {
    pub(super) fn empty(settings: &Settings) -> Self {
        Self {
            kind: KIND.to_owned(),
            model: settings.model.clone(),
            chunk_size: settings.chunk_size,
            chunk_overlap: settings.chunk_overlap,
            files: BTreeMap::new(),
        }
    }

    /// Loads the index, or an empty one if there is none or it was made with other settings.
    pub(super) fn load(settings: &Settings) -> Result<Self, IngestError> {
        let empty = Self::empty(settings);
        let text = match fs::read(&settings.index) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(empty),
            Err(error) => return Err(IngestError::index(&settings.index, &error)),
        };
        let known: Self = serde_json::from_slice(&text)
            .ok()
            .filter(|index: &Self| index.kind == KIND)
            .ok_or_else(|| {
                IngestError::index(
                    &settings.index,
                    &"the file exists but is not an index; it will not be overwritten",
                )
            })?;
        let settings_of = |index: &Self| (index.model.clone(), index.chunk_size, index.chunk_overlap);
        Ok(if settings_of(&known) == settings_of(&empty) { known } else { empty })
    }

    /// Replaces the file atomically. Concurrent writers use separate temporary files.
    pub(super) fn save(&self, path: &Path) -> Result<(), IngestError> {
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            serde_json::to_writer(&mut file, self)?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| IngestError::index(path, &error))
    }

    /// The chunks nearest to a vector, nearest first.
    pub(super) fn nearest(&self, vector: &[f32], count: usize) -> Vec<Hit<'_>> {
        let pieces =
            self.files.iter().flat_map(|(name, file)| file.chunks.iter().map(move |chunk| (name, chunk)));
        let mut hits: Vec<Hit<'_>> = pieces
            .map(|(id, chunk)| Hit { id, content: &chunk.text, score: cosine(vector, &chunk.vector) })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(count);
        hits
    }
}

/// The cosine similarity of two vectors; 0 if they cannot be compared.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if a.len() == b.len() && lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

fn packed<S: serde::Serializer>(vector: &[f32], to: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes).serialize(to)
}

fn unpacked<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
    let bytes = BASE64_STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)?;
    Ok(bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path, model: &str) -> Settings {
        let text = format!(r#"{{"paths": ["docs"], "model": "{model}"}}"#);
        let settings: Settings = serde_json::from_str(&text).unwrap();
        Settings { index: folder.join("clerk.index.json"), ..settings }
    }

    #[test]
    fn a_saved_index_is_loaded_and_searched() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), "small");
        let mut index = Index::load(&settings).unwrap();
        assert_eq!(index, Index::empty(&settings));
        for (name, vector) in [("a", [1.0, 0.0]), ("b", [0.6, 0.8]), ("c", [-1.0, 0.0])] {
            let chunks = vec![Chunk { text: format!("about {name}"), vector: vector.to_vec() }];
            index.files.insert(name.to_owned(), Document { hash: name.to_owned(), chunks });
        }
        index.save(&settings.index).unwrap();
        let read = Index::load(&settings).unwrap();
        assert_eq!(read, index);
        let found: Vec<&str> = read.nearest(&[0.0, 2.0], 2).iter().map(|hit| hit.id).collect();
        assert_eq!(found, ["b", "a"]);
        assert!(
            read.nearest(&[1.0], 3).iter().all(|hit| hit.score == 0.0),
            "vectors of another length do not match"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn another_model_starts_with_an_empty_index_and_a_foreign_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let small = settings(folder.path(), "small");
        let mut index = Index::empty(&small);
        index.files.insert("a".to_owned(), Document { hash: String::new(), chunks: Vec::new() });
        index.save(&small.index).unwrap();
        let large = settings(folder.path(), "large");
        assert!(Index::load(&large).unwrap().files.is_empty());
        fs::write(&small.index, "{\"mine\": true}").unwrap();
        let error = Index::load(&small).unwrap_err().to_string();
        assert!(error.contains("clerk.index.json") && error.contains("not an index"), "{error}");
    }
}
