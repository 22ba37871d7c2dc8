//! Finished spans into the file.

use super::EncryptionKey;
use crate::{Exporter, FinishedSpan};
use flate2::{Compression, write::GzEncoder};
use opentelemetry_sdk::trace::SpanData;
use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Appends each batch at once.
#[derive(Debug)]
pub(crate) struct FileExporter {
    file: File,
    /// The level of gzip.
    compression: Option<u32>,
    key: Option<EncryptionKey>,
}

impl FileExporter {
    pub(crate) fn open(
        path: &Path,
        compression: Option<u32>,
        key: Option<EncryptionKey>,
    ) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600); // what it holds is for its owner
        Ok(Self { file: options.open(path)?, compression, key })
    }

    fn encode(&self, spans: &[SpanData]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        for span in spans {
            bytes.extend(FinishedSpan::from(span).line().into_bytes());
            bytes.push(b'\n');
        }
        if let Some(level) = self.compression {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
            gzip.write_all(&bytes)?;
            bytes = gzip.finish()?;
        }
        if let Some(key) = &self.key {
            bytes = key.encrypt(&bytes)?.into_bytes();
            bytes.push(b'\n');
        }
        Ok(bytes)
    }
}

impl Exporter for FileExporter {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Failure> {
        let bytes = self.encode(spans)?;
        let before = self.file.metadata()?.len();
        if let Err(error) = self.file.write_all(&bytes) {
            // Half a batch, as a full disk leaves it, would spoil the next one too.
            if self.file.metadata()?.len() <= before + bytes.len() as u64 {
                let _ = self.file.set_len(before);
            }
            return Err(error.into());
        }
        Ok(())
    }
}
