//! The key of an encrypted trace file.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use std::{fmt, str::FromStr};

/// A Fernet key: 32 bytes, written as URL-safe base64. `Debug` does not reveal it.
///
/// ```
/// let key: turnscope::EncryptionKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".parse()?;
/// assert_eq!(format!("{key:?}"), "EncryptionKey");
/// assert!("too short".parse::<turnscope::EncryptionKey>().is_err());
/// # Ok::<(), turnscope::InvalidKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    pub(super) sign: [u8; 16],
    pub(super) encrypt: [u8; 16],
}

/// The text is not a valid key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an encryption key must be 32 bytes in URL-safe base64")]
pub struct InvalidKey;

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey")
    }
}

impl FromStr for EncryptionKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let padded = format!("{}=", text.trim().trim_end_matches('='));
        let bytes = URL_SAFE.decode(padded).map_err(|_| InvalidKey)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidKey)?;
        let (mut sign, mut encrypt) = ([0; 16], [0; 16]);
        sign.copy_from_slice(&bytes[..16]);
        encrypt.copy_from_slice(&bytes[16..]);
        Ok(Self { sign, encrypt })
    }
}
