//! The difference between two contexts: which messages are new, re-sent or dropped, and where the prompt
//! cache must miss.

mod window;

pub use window::{Call, Carried, Entry, Segment, What, Window, carried, window};

use std::{collections::HashMap, hash::Hash};

/// How one model call's context differs from the one before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Positions in the new list of entries that are not in the old one.
    pub new: Vec<usize>,
    /// The number of entries in both lists.
    pub resent: usize,
    /// The number of entries that are only in the old list.
    pub dropped: usize,
    /// The first position where the new list differs from the old one. A prefix-based prompt cache misses
    /// from here on. `None` if the old list is a prefix of the new one.
    pub breaks_at: Option<usize>,
}

/// Compares two contexts, given as lists of message ids. Repeated ids are counted each time.
///
/// ```
/// use turnscope_insight::context::difference;
/// let grown = difference(&[1, 2], &[1, 2, 3, 4]);
/// assert_eq!((grown.new, grown.resent, grown.dropped, grown.breaks_at), (vec![2, 3], 2, 0, None));
/// let slid = difference(&[1, 2, 3], &[2, 3, 4]);
/// assert_eq!((slid.new, slid.resent, slid.dropped, slid.breaks_at), (vec![2], 2, 1, Some(0)));
/// ```
pub fn difference<T: Eq + Hash>(old: &[T], new: &[T]) -> Difference {
    let mut left: HashMap<&T, usize> = HashMap::with_capacity(old.len());
    for id in old {
        *left.entry(id).or_default() += 1;
    }
    let mut out = Difference::default();
    for (at, id) in new.iter().enumerate() {
        match left.get_mut(id).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                out.resent += 1;
            }
            None => out.new.push(at),
        }
    }
    out.dropped = left.values().sum();
    let common = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    out.breaks_at = (common < old.len()).then_some(common);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compacted_history_shows_what_was_dropped_and_where_the_cache_misses() {
        let before: Vec<u32> = (0..50).collect();
        let after: Vec<u32> = [0, 900].into_iter().chain(45..50).chain([901]).collect();
        let seen = difference(&before, &after);
        assert_eq!((seen.new, seen.resent, seen.dropped, seen.breaks_at), (vec![1, 7], 6, 44, Some(1)));
    }

    #[test]
    fn a_first_context_is_all_new() {
        assert_eq!(difference(&[], &[7, 7]), Difference { new: vec![0, 1], ..Difference::default() });
    }

    #[test]
    fn a_repeated_message_counts_twice() {
        let seen = difference(&["a"], &["a", "a"]);
        assert_eq!((seen.new, seen.resent), (vec![1], 1));
    }
}
