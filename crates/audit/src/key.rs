//! The key of the chain: passed by the caller, or stored in a file next to the trail that only its owner can
//! read.

use crate::{AuditError, KEY_FILE};
use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};
use subtle::ConstantTimeEq as _;

/// A 32-byte secret key. `Debug` does not reveal it. Comparison takes constant time.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Key {
    /// Parses 64 hex digits.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let digits = text.trim();
        if digits.is_empty() {
            return Err(AuditError::BadKey("is empty"));
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AuditError::BadKey("is not valid"))?;
        Ok(Self(bytes))
    }

    /// Reads the key file in this directory.
    pub fn of(directory: &Path) -> Result<Self, AuditError> {
        let path = directory.join(KEY_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(AuditError::NoKey(path)),
            Err(error) => Err(AuditError::io(&path)(error)),
        }
    }

    /// Reads the key file in this directory, or creates it. If several processes create it at once, the first
    /// one wins; the file is written atomically.
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

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], AuditError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(AuditError::Random)?;
    Ok(bytes)
}
