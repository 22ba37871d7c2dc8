//! Fernet: version 0x80, time, initialisation vector, AES-128-CBC, HMAC-SHA256; in URL-safe base64.
//!
//! Built from `RustCrypto` crates, because the crate `fernet` has an unsuitable licence and older
//! dependencies.

use super::EncryptionKey;
use aes::Aes128;
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::time::{SystemTime, UNIX_EPOCH};

const VERSION: u8 = 0x80;
const IV: usize = 16;
const SIGNATURE: usize = 32;
/// Length of version and time.
const HEAD: usize = 9;

impl EncryptionKey {
    /// Encrypts `plain` into a token with the current time.
    pub(super) fn encrypt(&self, plain: &[u8]) -> Result<String, getrandom::Error> {
        let mut iv = [0; IV];
        getrandom::fill(&mut iv)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(self.token(plain, now, iv))
    }

    fn token(&self, plain: &[u8], seconds: u64, iv: [u8; IV]) -> String {
        let mut token = vec![VERSION];
        token.extend(seconds.to_be_bytes());
        token.extend(iv);
        let cipher = cbc::Encryptor::<Aes128>::new(&self.encrypt.into(), &iv.into());
        token.extend(cipher.encrypt_padded_vec::<Pkcs7>(plain));
        let signature = self.mac(&token).finalize().into_bytes();
        token.extend(signature);
        URL_SAFE.encode(token)
    }

    /// Decrypts a token. `None` if it was made with another key or has been changed.
    pub(super) fn decrypt(&self, token: &str) -> Option<Vec<u8>> {
        let token = URL_SAFE.decode(token).ok()?;
        let (signed, signature) = token.split_at_checked(token.len().checked_sub(SIGNATURE)?)?;
        if signed.len() < HEAD + IV || signed[0] != VERSION {
            return None;
        }
        self.mac(signed).verify_slice(signature).ok()?;
        let iv: [u8; IV] = signed[HEAD..HEAD + IV].try_into().ok()?;
        let cipher = cbc::Decryptor::<Aes128>::new(&self.encrypt.into(), &iv.into());
        cipher.decrypt_padded_vec::<Pkcs7>(&signed[HEAD + IV..]).ok()
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new(&hmac_key(&self.sign)).chain_update(signed)
    }
}

/// The HMAC key: 16 bytes, padded with zeros to a block.
fn hmac_key(sign: &[u8; 16]) -> hmac::digest::Key<Hmac<Sha256>> {
    let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
    key[..sign.len()].copy_from_slice(sign);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's test vectors: generate.json and verify.json.
    #[test]
    fn tokens_match_the_test_vectors_of_the_specification() {
        let key: EncryptionKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".parse().unwrap();
        let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        let iv = std::array::from_fn(|at| at as u8);
        assert_eq!(key.token(b"hello", 499_162_800, iv), token);
        assert_eq!(key.decrypt(token).unwrap(), b"hello");
    }

    #[test]
    fn a_changed_token_or_another_key_does_not_decrypt() {
        let key: EncryptionKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".parse().unwrap();
        let other: EncryptionKey = URL_SAFE.encode([7; 32]).parse().unwrap();
        let token = key.encrypt(b"secret").unwrap();
        assert_eq!(key.decrypt(&token).unwrap(), b"secret");
        assert_eq!(other.decrypt(&token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.decrypt(&changed), None, "{at}");
        }
        assert_eq!(key.decrypt("gAAA"), None);
        assert_eq!(key.decrypt(""), None);
    }
}
