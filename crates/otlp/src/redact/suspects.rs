//! Finds what could be secret, fast: every text that is received is looked through once.
//!
//! Text is folded to lower case and then searched for all words at once with vector instructions (several gigabytes a
//! second); only where one is found are the exact rules applied.

use aho_corasick::{AhoCorasick, packed};
use std::cell::RefCell;

/// Finds any of some words, whatever their case.
#[derive(Debug)]
pub(super) enum Suspects {
    /// The quick way, for as many words as it can hold.
    Packed(packed::Searcher),
    /// For more.
    Automaton(AhoCorasick),
}

/// Texts are folded in pieces that stay in the processor's cache.
const PIECE: usize = 16 * 1024;

impl Suspects {
    /// `words` are in lower case.
    pub(super) fn new(words: &[String]) -> Result<Self, aho_corasick::BuildError> {
        // A word that holds another one is found with it.
        let mut shortest: Vec<&String> = Vec::new();
        let mut sorted: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
        sorted.sort_by_key(|word| word.len());
        for word in sorted {
            if !shortest.iter().any(|held| word.contains(held.as_str())) {
                shortest.push(word);
            }
        }
        let quick = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(shortest.iter().map(|word| word.as_bytes()))
            .build();
        match quick {
            Some(searcher) => Ok(Self::Packed(searcher)),
            None => AhoCorasick::new(&shortest).map(Self::Automaton),
        }
    }

    pub(super) fn any_in(&self, bytes: &[u8]) -> bool {
        thread_local!(static FOLDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
        FOLDED.with_borrow_mut(|folded| {
            let mut start = 0;
            loop {
                let end = bytes.len().min(start + PIECE);
                folded.clear();
                folded.extend_from_slice(&bytes[start..end]);
                folded.make_ascii_lowercase();
                let found = match self {
                    Self::Packed(searcher) => searcher.find(&*folded).is_some(),
                    Self::Automaton(automaton) => automaton.is_match(&*folded),
                };
                if found || end == bytes.len() {
                    return found;
                }
                // A word may lie across two pieces; none is longer than this.
                start = end - 128;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_across_pieces() {
        let words: Vec<String> = super::super::rules::KEYS.iter().map(|key| (*key).to_owned()).collect();
        let suspects = Suspects::new(&words).unwrap();
        assert!(suspects.any_in(b"x PassWord y"));
        assert!(suspects.any_in(b"secret"));
        assert!(!suspects.any_in(b"nothing of that kind"));
        assert!(!suspects.any_in(b""));
        for before in [PIECE - 20, PIECE - 4, PIECE, 2 * PIECE - 70] {
            let mut text = vec![b'x'; before];
            text.extend_from_slice(b"Authorization");
            text.extend(vec![b'y'; PIECE]);
            assert!(suspects.any_in(&text), "{before}");
        }
    }

    #[test]
    fn many_words_take_the_slower_way_and_the_default_ones_do_not() {
        let keys = super::super::keys::Keys::new(&[]).unwrap();
        let shapes = super::super::rules::SHAPES.iter().flat_map(|shape| shape.literals);
        let words: Vec<String> = shapes.map(|word| (*word).to_owned()).chain(keys.words()).collect();
        assert!(matches!(Suspects::new(&words).unwrap(), Suspects::Packed(_)));
        let words: Vec<String> = (0..2000).map(|n| format!("word{n:05}")).collect();
        let suspects = Suspects::new(&words).unwrap();
        assert!(matches!(suspects, Suspects::Automaton(_)));
        assert!(suspects.any_in(b"a WORD00017 b") && !suspects.any_in(b"word9"));
    }
}
