//! Which items were found clean lately: a history that is sent again is not searched again.

use std::{
    collections::HashSet,
    fmt,
    sync::{Mutex, PoisonError},
};
use turnscope_model::ContentHash;

/// How many parts the set has, each with a lock of its own.
const PARTS: usize = 16;
/// How many hashes a part holds before it starts anew.
const PART_SIZE: usize = 4096;

/// A bounded set of hashes of clean items.
pub(super) struct Clean([Mutex<HashSet<u64>>; PARTS]);

impl Default for Clean {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Clean {
    pub(super) fn holds(&self, hash: &ContentHash) -> bool {
        let (part, key) = self.place(hash);
        part.lock().unwrap_or_else(PoisonError::into_inner).contains(&key)
    }

    pub(super) fn add(&self, hash: &ContentHash) {
        let (part, key) = self.place(hash);
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        if part.len() >= PART_SIZE {
            part.clear();
        }
        part.insert(key);
    }

    fn place(&self, hash: &ContentHash) -> (&Mutex<HashSet<u64>>, u64) {
        let key = hash.prefix() as u64;
        (&self.0[key as usize % PARTS], key)
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clean")
    }
}
