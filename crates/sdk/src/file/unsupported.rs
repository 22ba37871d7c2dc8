//! Replaces `gzip` and `fernet` if their features are off. The callers check the features first, to report
//! which one is missing.

#[cfg(not(feature = "gzip"))]
pub(super) mod gzip {
    use std::io::{self, BufRead, ErrorKind};

    pub(crate) fn compress(_: &[u8], _: u32) -> io::Result<Vec<u8>> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(crate) fn read_member(_: impl BufRead, _: &mut Vec<u8>) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(crate) fn decompress(_: &[u8]) -> io::Result<Vec<u8>> {
        Err(ErrorKind::Unsupported.into())
    }
}

#[cfg(not(feature = "encryption"))]
#[allow(clippy::unused_self, reason = "the signatures are those of `fernet`")]
impl super::EncryptionKey {
    pub(super) fn encrypt(&self, _: &[u8]) -> std::io::Result<String> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub(super) fn decrypt(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}
