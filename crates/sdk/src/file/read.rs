//! Reads a trace file back into spans. Damaged parts, from a full disk or a killed process, are reported, and
//! reading continues after them.

use super::{EncryptionKey, gzip, otlp_json};
use crate::FinishedSpan;
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// The spans of a trace file in the order in which they were written, whether compressed, encrypted or
/// neither. A damaged part yields an error and does not end the iteration.
///
/// ```
/// use turnscope::{RecordingConfig, TraceFile, shutdown};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("trace.jsonl.gz");
/// let _recording = RecordingConfig { trace_file: Some(path.clone()), compression: Some(6), ..RecordingConfig::new("helpdesk") }.install()?;
/// turnscope::run("helpdesk").end();
/// let _ = shutdown();
/// for span in TraceFile::open(&path, None)? {
///     println!("{}", span?.name);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TraceFile {
    file: BufReader<File>,
    key: Option<EncryptionKey>,
    /// Results that were read and not yet returned.
    read: VecDeque<Result<FinishedSpan, ReadError>>,
    /// Whether the file has been read to its end.
    ended: bool,
}

/// Why part of a trace file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the trace file: {0}")]
    Io(#[from] io::Error),
    /// A compressed part is damaged. What could be read of it came before this error.
    #[error("a compressed part of the trace file is damaged: {0}")]
    Damaged(io::Error),
    /// A part is encrypted, and no key was given.
    #[error("the trace file is encrypted: pass the encryption key")]
    NeedsKey,
    /// A part was encrypted with another key, or is damaged.
    #[error("part of the trace file cannot be decrypted: it was encrypted with another key, or is damaged")]
    WrongKey,
    /// A part needs a feature of this crate that is off.
    #[error("part of the trace file needs the feature `{0}` of the crate `turnscope`")]
    MissingFeature(&'static str),
    /// A line holds no spans.
    #[error("a line of the trace file holds no spans: {0}")]
    NotASpan(#[from] serde_json::Error),
}

/// The first byte of a gzip member. It occurs neither in JSON nor in a token.
const GZIP: u8 = 0x1f;
/// How parts begin: a gzip member, or a line break before a span or token.
const PART_STARTS: [&[u8; 3]; 3] = [&[GZIP, 0x8b, 0x08], b"\n{\"", b"\ngA"];

impl TraceFile {
    /// Opens the file. `key` is needed if it is encrypted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: impl AsRef<Path>, key: Option<EncryptionKey>) -> io::Result<Self> {
        let file = BufReader::new(File::open(path)?);
        Ok(Self { file, key, read: VecDeque::new(), ended: false })
    }

    /// Reads the next part; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        match self.file.fill_buf()?.first() {
            None => return Ok(false),
            Some(&GZIP) => self.member()?,
            Some(_) => self.line()?,
        }
        Ok(true)
    }

    /// Reads a compressed batch, or what is left of one.
    fn member(&mut self) -> io::Result<()> {
        if let Err(error) = require(cfg!(feature = "gzip"), "gzip") {
            self.read.push_back(Err(error));
            self.file.consume(1);
            return self.skip_to_next();
        }
        let start = self.file.stream_position()?;
        let mut text = Vec::new();
        let Err(error) = gzip::read_member(&mut self.file, &mut text) else {
            self.lines(&text);
            return Ok(());
        };
        if !matches!(
            error.kind(),
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof
        ) {
            return Err(error);
        }
        // Anything may follow the point of damage, so only lines with an end count.
        let end = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let whole = text[..end].split(|byte| *byte == b'\n').filter_map(|line| otlp_json::spans(line).ok());
        self.read.extend(whole.flatten().map(Ok));
        self.read.push_back(Err(ReadError::Damaged(error)));
        self.file.seek(SeekFrom::Start(start + 1))?;
        self.skip_to_next()
    }

    /// Reads a line of text: a span or a token. A truncated line may be followed by a compressed batch.
    fn line(&mut self) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            let found = self.file.fill_buf()?;
            let end = found.iter().position(|byte| matches!(*byte, b'\n' | GZIP)).unwrap_or(found.len());
            line.extend_from_slice(&found[..end]);
            let is_over = end < found.len() || found.is_empty();
            let newline = usize::from(found.get(end) == Some(&b'\n'));
            self.file.consume(end + newline);
            if is_over {
                break;
            }
        }
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"{") {
            self.lines(line);
        } else {
            match self.decrypt(line) {
                Ok(text) => self.lines(&text),
                Err(error) => self.read.push_back(Err(error)),
            }
        }
        Ok(())
    }

    fn decrypt(&self, token: &[u8]) -> Result<Vec<u8>, ReadError> {
        let key = self.key.as_ref().ok_or(ReadError::NeedsKey)?;
        require(cfg!(feature = "encryption"), "encryption")?;
        let batch =
            str::from_utf8(token).ok().and_then(|token| key.decrypt(token)).ok_or(ReadError::WrongKey)?;
        if batch.first() != Some(&GZIP) {
            return Ok(batch);
        }
        require(cfg!(feature = "gzip"), "gzip")?;
        gzip::decompress(&batch).map_err(ReadError::Damaged)
    }

    fn lines(&mut self, text: &[u8]) {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for line in lines {
            match otlp_json::spans(line) {
                Ok(spans) => self.read.extend(spans.into_iter().map(Ok)),
                Err(error) => self.read.push_back(Err(error.into())),
            }
        }
    }

    /// Skips to where the next part may begin, or to the end.
    fn skip_to_next(&mut self) -> io::Result<()> {
        let mut last = [0; 3];
        for byte in self.file.by_ref().bytes() {
            last = [last[1], last[2], byte?];
            if PART_STARTS.contains(&&last) {
                let back = if last[0] == GZIP { 3 } else { 2 };
                return self.file.seek_relative(-back);
            }
        }
        Ok(())
    }
}

/// Fails if the feature that a part needs is off.
fn require(is_on: bool, feature: &'static str) -> Result<(), ReadError> {
    if is_on { Ok(()) } else { Err(ReadError::MissingFeature(feature)) }
}

impl Iterator for TraceFile {
    type Item = Result<FinishedSpan, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.read.is_empty() && !self.ended {
            match self.fill() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    self.read.push_back(Err(error.into()));
                }
            }
        }
        self.read.pop_front()
    }
}
