//! The contents of one request, each once in memory: a history that every span sends again would otherwise be held as
//! often as it was sent, until the commit.

use crate::memo;
use bytes::Bytes;
use std::collections::HashMap;
use turnscope_model::{ContentHash, Form, Item};

/// Shorter items are copied faster than looked up.
const SHORTEST: usize = 64;

/// What was cut out of a request's records so far.
#[derive(Default)]
pub(crate) struct Contents(HashMap<ContentHash, Bytes>);

impl Contents {
    /// The item with these bytes, copied out of the value that they are part of unless the request had it before.
    pub(super) fn part(&mut self, form: Form, at: usize, bytes: &[u8]) -> Item {
        let hash = memo::content_hash(form, bytes);
        let bytes = self.once(hash, bytes.len(), || Bytes::copy_from_slice(bytes));
        Item { at, bytes, hash }
    }

    /// As [`Contents::part`], for bytes that are not part of another value.
    pub(super) fn encoded(&mut self, form: Form, at: usize, bytes: Vec<u8>) -> Item {
        let hash = memo::content_hash(form, &bytes);
        let bytes = self.once(hash, bytes.len(), || bytes.into());
        Item { at, bytes, hash }
    }

    /// A value in one piece, most often new.
    pub(super) fn whole(&mut self, form: Form, bytes: Vec<u8>) -> Item {
        let hash = ContentHash::of(form, &bytes);
        let bytes = self.once(hash, bytes.len(), || bytes.into());
        Item { at: 0, bytes, hash }
    }

    fn once(&mut self, hash: ContentHash, len: usize, make: impl FnOnce() -> Bytes) -> Bytes {
        if len < SHORTEST {
            return make();
        }
        self.0.entry(hash).or_insert_with(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_held_once() {
        let mut contents = Contents::default();
        let text = "the same history again ".repeat(9);
        let first = contents.part(Form::Text, 0, text.as_bytes());
        let again = contents.whole(Form::Text, text.clone().into_bytes());
        assert_eq!(first, again);
        assert_eq!(first.bytes.as_ptr(), again.bytes.as_ptr());
        let other_form = contents.encoded(Form::Array, 0, text.into_bytes());
        assert_ne!(first.bytes.as_ptr(), other_form.bytes.as_ptr());
    }
}
