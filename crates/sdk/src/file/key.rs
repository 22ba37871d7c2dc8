//! The key of an encrypted trace file.

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
        let bytes = decoded(text.trim().trim_end_matches('=')).ok_or(InvalidKey)?;
        let (mut sign, mut encrypt) = ([0; 16], [0; 16]);
        sign.copy_from_slice(&bytes[..16]);
        encrypt.copy_from_slice(&bytes[16..]);
        Ok(Self { sign, encrypt })
    }
}

/// 32 bytes from the 43 characters of URL-safe base64, without padding. A key can be parsed, and so refused, without
/// the feature `encryption` and its libraries.
fn decoded(text: &str) -> Option<[u8; 32]> {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if text.len() != 43 {
        return None;
    }
    let mut bytes = Vec::with_capacity(33);
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes() {
        let value = CHARACTERS.iter().position(|known| *known == character)?;
        (bits, count) = ((bits << 6) | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // What is left over must be zero, so that a key has one form only.
    (bits & ((1 << count) - 1) == 0).then_some(bytes)?.try_into().ok()
}
