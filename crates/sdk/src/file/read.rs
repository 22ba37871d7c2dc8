//! A trace file back into spans.

use super::EncryptionKey;
use crate::FinishedSpan;
use flate2::bufread::{GzDecoder, MultiGzDecoder};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

/// The spans of a trace file, in the order in which they were written, whether it is compressed, encrypted or neither.
///
/// ```
/// use turnscope::{Config, TraceFile, shutdown};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("trace.jsonl.gz");
/// Config { trace_file: Some(path.clone()), compression: Some(6), ..Config::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// shutdown();
/// for span in TraceFile::open(&path, None)? {
///     println!("{}", span?.name);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TraceFile {
    file: BufReader<File>,
    key: Option<EncryptionKey>,
    batch: VecDeque<FinishedSpan>,
    /// Nothing can be told any more of where the next batch begins.
    lost: bool,
}

/// Why a part of a trace file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read, or a compressed part of it is damaged.
    #[error("cannot read the trace file: {0}")]
    Io(#[from] io::Error),
    /// A part is encrypted.
    #[error("the trace file is encrypted: a key is needed")]
    NeedsKey,
    /// A part was encrypted with another key, or changed.
    #[error("a part of the trace file was encrypted with another key, or changed")]
    WrongKey,
    /// A line is no span.
    #[error("a line of the trace file is no span: {0}")]
    NoSpan(#[from] serde_json::Error),
}

impl TraceFile {
    /// Opens the file; `key` is needed where it is encrypted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: impl AsRef<Path>, key: Option<EncryptionKey>) -> io::Result<Self> {
        let file = BufReader::new(File::open(path)?);
        Ok(Self { file, key, batch: VecDeque::new(), lost: false })
    }

    /// Reads the next part; false at the end.
    fn fill(&mut self) -> Result<bool, ReadError> {
        let Some(first) = self.file.fill_buf()?.first().copied() else { return Ok(false) };
        if first == GZIP {
            let mut text = String::new();
            self.lost = true;
            GzDecoder::new(&mut self.file).read_to_string(&mut text)?;
            self.lost = false;
            self.take(text.as_bytes())?;
            return Ok(true);
        }
        let mut line = String::new();
        self.file.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('{') {
            self.take(line.as_bytes())?;
            return Ok(true);
        }
        let batch = self.key.as_ref().ok_or(ReadError::NeedsKey)?.decrypt(line).ok_or(ReadError::WrongKey)?;
        if batch.first() == Some(&GZIP) {
            let mut text = Vec::new();
            MultiGzDecoder::new(&batch[..]).read_to_end(&mut text)?;
            self.take(&text)?;
        } else {
            self.take(&batch)?;
        }
        Ok(true)
    }

    fn take(&mut self, lines: &[u8]) -> Result<(), ReadError> {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.batch.push_back(serde_json::from_slice(line)?);
        }
        Ok(())
    }
}

/// The first byte of a gzip member: no text begins with it.
const GZIP: u8 = 0x1f;

impl Iterator for TraceFile {
    type Item = Result<FinishedSpan, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(span) = self.batch.pop_front() {
                return Some(Ok(span));
            }
            if self.lost {
                return None;
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
