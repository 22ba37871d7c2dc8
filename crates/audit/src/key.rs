//! The key under which records are chained: given, or in a file beside the trail that only its owner may read.

use crate::{AuditError, KEY_FILE};
use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

/// Thirty-two secret bytes. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    /// A key from 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let digits = text.trim();
        if digits.is_empty() {
            return Err(AuditError::BadKey("is empty"));
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AuditError::BadKey("is none"))?;
        Ok(Self(bytes))
    }

    /// The key that is kept in this directory.
    pub fn of(directory: &Path) -> Result<Self, AuditError> {
        let path = directory.join(KEY_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(AuditError::NoKey(path)),
            Err(error) => Err(AuditError::io(&path)(error)),
        }
    }

    /// The key that is kept in this directory, made if there is none. Of several processes that make one, the first wins:
    /// the file arrives whole or not at all.
    pub(crate) fn of_or_new(directory: &Path) -> Result<Self, AuditError> {
        match Self::of(directory) {
            Err(AuditError::NoKey(path)) => {
                let bytes = random()?;
                let mut file =
                    tempfile::NamedTempFile::new_in(directory).map_err(AuditError::io(directory))?;
                writeln!(file, "{}", hex::encode(bytes)).map_err(AuditError::io(&path))?;
                file.as_file().sync_all().map_err(AuditError::io(&path))?;
                match file.persist_noclobber(&path) {
                    Ok(_) => Ok(Self(bytes)),
                    Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Self::of(directory),
                    Err(error) => Err(AuditError::io(&path)(error.error)),
                }
            }
            known => known,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], AuditError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(AuditError::Random)?;
    Ok(bytes)
}
