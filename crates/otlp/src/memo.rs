//! A cache of what was computed about an item, because a history is sent again at every turn. It holds results of pure
//! functions only, so it changes nothing but the time taken.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{LazyLock, Mutex, PoisonError},
};
use turnscope_model::{ContentHash, Form};
use twox_hash::XxHash3_128;

/// How many parts a memo has, each with a lock of its own.
const PARTS: usize = 16;

/// A bounded map, safe to share. A part that is full starts anew.
pub(crate) struct Memo<V> {
    parts: [Mutex<HashMap<u128, V>>; PARTS],
    part_size: usize,
}

impl<V: Clone> Memo<V> {
    pub(crate) fn new(size: usize) -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), part_size: size / PARTS }
    }

    pub(crate) fn get(&self, key: u128) -> Option<V> {
        self.part(key).lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(crate) fn put(&self, key: u128, value: V) {
        let mut part = self.part(key).lock().unwrap_or_else(PoisonError::into_inner);
        if part.len() >= self.part_size {
            part.clear();
        }
        part.insert(key, value);
    }

    fn part(&self, key: u128) -> &Mutex<HashMap<u128, V>> {
        &self.parts[key as usize % PARTS]
    }
}

/// A content hash as a memo's key.
pub(crate) fn key(hash: &ContentHash) -> u128 {
    u128::from_be_bytes(*hash.bytes())
}

/// Shorter items are hashed faster than looked up.
const SHORTEST: usize = 512;
/// Hashes kept (about 50 bytes each).
const HASHES: usize = 65_536;

/// [`ContentHash::of`], remembered: SHA-256 over re-sent histories is a quarter of receiving them.
///
/// Entries are looked up by a 128-bit XXH3 with a secret that each process draws for itself, so that nobody outside can
/// prepare two items that collide.
pub(crate) fn content_hash(form: Form, bytes: &[u8]) -> ContentHash {
    static HASHES_OF: LazyLock<Memo<ContentHash>> = LazyLock::new(|| Memo::new(HASHES));
    if bytes.len() < SHORTEST {
        return ContentHash::of(form, bytes);
    }
    let quick = XxHash3_128::oneshot_with_secret(&SECRET[..], bytes)
        .map_or_else(|_| key(&ContentHash::of(form, bytes)), |hash| hash ^ form as u128);
    if let Some(hash) = HASHES_OF.get(quick) {
        return hash;
    }
    let hash = ContentHash::of(form, bytes);
    HASHES_OF.put(quick, hash);
    hash
}

/// 192 bytes from the keys that the standard library draws for its own maps.
static SECRET: LazyLock<[u8; 192]> = LazyLock::new(|| {
    let source = RandomState::new();
    let mut secret = [0; 192];
    for (i, chunk) in secret.chunks_exact_mut(8).enumerate() {
        chunk.copy_from_slice(&source.hash_one(i).to_le_bytes());
    }
    secret
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_hash_is_the_hash() {
        let long = b"agent ".repeat(500);
        let first = content_hash(Form::Text, &long);
        assert_eq!(first, ContentHash::of(Form::Text, &long));
        assert_eq!(content_hash(Form::Text, &long), first);
        assert_eq!(content_hash(Form::Array, &long), ContentHash::of(Form::Array, &long));
    }

    #[test]
    fn a_memo_never_outgrows_its_bound() {
        let memo = Memo::new(160);
        for n in 0..10_000_u128 {
            memo.put(n, n);
        }
        let held: usize = memo.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert!(held <= 160);
        assert_eq!(memo.get(9_999), Some(9_999));
    }
}
