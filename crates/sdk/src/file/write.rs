//! Writes finished spans to the trace file.

use super::{EncryptionKey, gzip, otlp_json};
use crate::Exporter;
use opentelemetry_sdk::{Resource, trace::SpanData};
use std::{
    borrow::Cow,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

type Failure = Box<dyn Error + Send + Sync>;

/// Appends each batch with one write.
#[derive(Debug)]
pub(crate) struct FileExporter {
    path: PathBuf,
    file: File,
    resource: Resource,
    /// The gzip level.
    compression: Option<u32>,
    key: Option<EncryptionKey>,
    /// Whether the file ends with something other than a complete line.
    inside_a_line: bool,
}

impl FileExporter {
    pub(crate) fn open(
        path: &Path,
        compression: Option<u32>,
        key: Option<EncryptionKey>,
        resource: &Resource,
    ) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600); // readable by its owner only
        let mut file = options.open(path)?;
        let inside_a_line = is_inside_a_line(&mut file)?;
        Ok(Self { path: path.to_owned(), file, resource: resource.clone(), compression, key, inside_a_line })
    }

    fn encode(&self, spans: &[SpanData]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        for span in spans {
            bytes.extend(otlp_json::line(span, &self.resource).into_bytes());
        }
        let is_text = self.key.is_some() || self.compression.is_none();
        if let Some(level) = self.compression {
            bytes = gzip::compress(&bytes, level)?;
        }
        if let Some(key) = &self.key {
            bytes = key.encrypt(&bytes)?.into_bytes();
            bytes.push(b'\n');
        }
        // Compressed batches are found wherever they begin, but a newline between two would end the file for
        // other readers.
        if is_text && self.inside_a_line {
            bytes.insert(0, b'\n');
        }
        Ok(bytes)
    }
}

/// Whether the file ends within a line, as after a killed process, or with a compressed batch.
fn is_inside_a_line(file: &mut File) -> io::Result<bool> {
    if !file.metadata()?.is_file() || file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Exporter for FileExporter {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Failure> {
        let bytes = self.encode(spans)?;
        let before = self.file.metadata()?.len();
        if let Err(error) = self.file.write_all(&bytes) {
            // Remove a partial batch, as a full disk leaves it: it would damage the next one too.
            if self.file.metadata()?.len() <= before + bytes.len() as u64
                && self.file.set_len(before).is_err()
            {
                self.inside_a_line = true;
            }
            return Err(error.into());
        }
        self.inside_a_line = self.key.is_none() && self.compression.is_some();
        Ok(())
    }

    fn name(&self) -> Cow<'_, str> {
        format!("the trace file {}", self.path.display()).into()
    }

    fn is_local(&self) -> bool {
        true
    }
}
