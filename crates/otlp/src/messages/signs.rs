//! Which words an item holds, and so whether it need be parsed at all: most items hold none that matters.
//!
//! Remembered by the item's hash, because a history is sent again at every turn.

use super::source::Sent;
use crate::memo::{self, Memo};
use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use std::sync::LazyLock;

/// Longer items are whole states of a framework. Nobody is asked anything in them.
const LONGEST: usize = 262_144;
/// Shorter items are searched faster than looked up.
const SHORTEST: usize = 128;

/// What an item may say, by the words in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// A person is asked, or answers.
    pub(super) approval: bool,
    /// A tool's result failed.
    pub(super) error: bool,
    /// A user speaks.
    pub(super) user: bool,
}

/// What cannot be searched may say anything.
const ANY: Signs = Signs { approval: true, error: true, user: true };
const NONE: Signs = Signs { approval: false, error: false, user: false };

/// The words in item `n`.
pub(super) fn of_item(sent: Sent<'_>, n: usize) -> Signs {
    static KNOWN: LazyLock<Memo<Signs>> = LazyLock::new(|| Memo::new(16_384));
    match sent {
        Sent::Inline(any) => match &any.value {
            Some(Any::StringValue(text)) => of_bytes(text.as_bytes()),
            // A map that was sent as a map is small, or it would have been cut.
            Some(_) => ANY,
            None => NONE,
        },
        Sent::Cut(_) => {
            let (Some(bytes), Some(hash)) = (sent.bytes(n), sent.hash(n)) else { return NONE };
            if bytes.len() < SHORTEST {
                return of_bytes(bytes);
            }
            let key = memo::key(&hash);
            KNOWN.get(key).unwrap_or_else(|| {
                let signs = of_bytes(bytes);
                KNOWN.put(key, signs);
                signs
            })
        }
    }
}

/// The words in these bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> Signs {
    Signs {
        approval: bytes.len() <= LONGEST && APPROVAL.as_ref().is_none_or(|words| words.is_match(bytes)),
        error: ERROR.find(bytes).is_some(),
        user: USER.iter().any(|word| word.find(bytes).is_some()),
    }
}

static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("error"));
static USER: LazyLock<[Finder<'static>; 4]> =
    LazyLock::new(|| ["user", "uman", "User", "USER"].map(Finder::new));

/// Rare words, all at once. Only a leftmost search uses vectors (see `aho_corasick::packed`).
static APPROVAL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = [
        "pprov",
        "nterrupt",
        "uspended",
        "\"resume\"",
        "nput-required",
        "nput_required",
        "aused\"",
        "PAUSED",
        "requires_action",
        "xecution-denied",
        "denied\":",
        "denied\\\":",
        "onfirmed\":",
        "onfirmed\\\":",
    ];
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words).ok()
});
