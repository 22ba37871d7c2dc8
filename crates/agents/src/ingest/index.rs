//! The index of an agent's documents: each file's hash and its pieces with their vectors, in one JSON file that can be
//! deleted at any time.

use super::{IngestError, Settings};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::Error as _};
use std::{collections::BTreeMap, fs, io, path::Path};

/// What the file says that it is.
const KIND: &str = "turnscope-agents index 1";

/// The pieces of all documents, made in one way by one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Index {
    kind: String,
    model: String,
    chunk_size: usize,
    chunk_overlap: usize,
    /// The documents by their names.
    pub(super) files: BTreeMap<String, Document>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    /// Of its text.
    pub(super) hash: String,
    pub(super) chunks: Vec<Chunk>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) text: String,
    #[serde(serialize_with = "packed", deserialize_with = "unpacked")]
    pub(super) vector: Vec<f32>,
}

/// A piece that was found.
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

    /// The index in the settings' file; an empty one where there is none, or where it was made in another way.
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
            .ok_or_else(|| IngestError::index(&settings.index, &"it is no index, and is not overwritten"))?;
        let made = |index: &Self| (index.model.clone(), index.chunk_size, index.chunk_overlap);
        Ok(if made(&known) == made(&empty) { known } else { empty })
    }

    /// Writes it, whole or not at all.
    pub(super) fn save(&self, path: &Path) -> Result<(), IngestError> {
        let beside = path.with_extension("json.new");
        let write = || {
            fs::write(&beside, serde_json::to_vec(self)?)?;
            fs::rename(&beside, path)
        };
        write().map_err(|error: io::Error| IngestError::index(path, &error))
    }

    /// The pieces nearest to a vector, the nearest first.
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

/// How much two vectors point in one direction; 0 where they cannot be compared.
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
    fn what_is_written_is_read_back_and_found() {
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
        assert!(read.nearest(&[1.0], 3).iter().all(|hit| hit.score == 0.0), "vectors of another length");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn another_model_starts_anew_and_another_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let small = settings(folder.path(), "small");
        let mut index = Index::empty(&small);
        index.files.insert("a".to_owned(), Document { hash: String::new(), chunks: Vec::new() });
        index.save(&small.index).unwrap();
        let large = settings(folder.path(), "large");
        assert!(Index::load(&large).unwrap().files.is_empty());
        fs::write(&small.index, "{\"mine\": true}").unwrap();
        let error = Index::load(&small).unwrap_err().to_string();
        assert!(error.contains("clerk.index.json") && error.contains("no index"), "{error}");
    }
}
