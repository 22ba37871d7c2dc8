//! Lists of content ids, coded against an earlier list of the same trace group: the base list.
//!
//! A history that is sent again costs a few bytes, whether it grew at the end, lost its head to a sliding window or was
//! compacted: what the base list has is copied by range, what is new is written out. Pure.
//!
//! A coded list is a sequence of operations, all numbers as protobuf varints:
//! `len*2+1, start` copies `len` ids from `base[start]` on (`start` zigzag, relative to where the previous copy ended);
//! `len*2, id…` writes ids out (zigzag, relative to the id before).

use super::varint::{read_varint, unzigzag, write_varint, zigzag};
use std::collections::HashMap;
use turnscope_model::ContentId;

/// The longest list that is coded. A few bytes can copy a whole base list, so what they may become is bounded.
pub(crate) const LONGEST: usize = 1 << 24;

/// A list coded against its base, and the ids that it had to write out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Coded {
    /// The operations.
    pub(crate) ops: Vec<u8>,
    /// What is in the list and not in the base list.
    pub(crate) literals: Vec<ContentId>,
}

/// Codes `list`, of no more than [`LONGEST`] ids, against `base` (empty when there is none).
pub(crate) fn encode(list: &[ContentId], base: &[ContentId]) -> Coded {
    let common = list.iter().zip(base).take_while(|(a, b)| a == b).count();
    let mut out = Coder { base, ..Coder::default() };
    out.copy(0, common);
    if common < list.len() {
        let places: HashMap<ContentId, usize> =
            base.iter().enumerate().rev().map(|(at, id)| (*id, at)).collect();
        let mut at = common;
        while at < list.len() {
            let from = match base.get(out.copied_to) {
                Some(next) if *next == list[at] => Some(out.copied_to),
                _ => places.get(&list[at]).copied(),
            };
            if let Some(from) = from {
                let len = list[at..].iter().zip(&base[from..]).take_while(|(a, b)| a == b).count();
                out.copy(from, len);
                at += len;
            } else {
                out.pending.push(list[at]);
                at += 1;
            }
        }
    }
    out.finish()
}

/// The list that `ops` stands for; `None` when they are damaged or do not fit the base, or when it would be longer than
/// [`LONGEST`].
pub(crate) fn decode(ops: &[u8], base: &[ContentId]) -> Option<Vec<ContentId>> {
    let mut input = ops;
    let mut list = Vec::new();
    let mut copied_to = 0_i64;
    let mut last_id = 0_i64;
    while !input.is_empty() {
        let head = read_varint(&mut input)?;
        let len = usize::try_from(head >> 1).ok()?;
        if list.len().checked_add(len)? > LONGEST {
            return None;
        }
        if head & 1 == 1 {
            let start = copied_to.checked_add(unzigzag(read_varint(&mut input)?))?;
            let start_at = usize::try_from(start).ok()?;
            let range = base.get(start_at..start_at.checked_add(len)?)?;
            list.extend_from_slice(range);
            copied_to = i64::try_from(start_at + range.len()).ok()?;
            last_id = range.last().map_or(last_id, |id| id.0);
        } else {
            if len > input.len() {
                return None;
            }
            for _ in 0..len {
                last_id = last_id.wrapping_add(unzigzag(read_varint(&mut input)?));
                list.push(ContentId(last_id));
            }
        }
    }
    Some(list)
}

#[derive(Default)]
struct Coder<'a> {
    base: &'a [ContentId],
    ops: Vec<u8>,
    literals: Vec<ContentId>,
    pending: Vec<ContentId>,
    copied_to: usize,
    last_id: i64,
}

impl Coder<'_> {
    fn copy(&mut self, from: usize, len: usize) {
        if len == 0 {
            return;
        }
        self.flush();
        write_varint(&mut self.ops, (len as u64) * 2 + 1);
        write_varint(&mut self.ops, zigzag(offset(from, self.copied_to)));
        self.copied_to = from + len;
        self.last_id = self.base[self.copied_to - 1].0;
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        write_varint(&mut self.ops, self.pending.len() as u64 * 2);
        for id in &self.pending {
            write_varint(&mut self.ops, zigzag(id.0.wrapping_sub(self.last_id)));
            self.last_id = id.0;
        }
        self.literals.append(&mut self.pending);
    }

    fn finish(mut self) -> Coded {
        self.flush();
        Coded { ops: self.ops, literals: self.literals }
    }
}

/// How far `to` is from `from`; both are places in a list.
fn offset(to: usize, from: usize) -> i64 {
    let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    place(to) - place(from)
}

/// Protobuf's zigzag: small numbers of either sign become small unsigned ones.
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(numbers: impl IntoIterator<Item = i64>) -> Vec<ContentId> {
        numbers.into_iter().map(ContentId).collect()
    }

    fn check(list: &[ContentId], base: &[ContentId], most_bytes: usize) {
        let coded = encode(list, base);
        assert_eq!(decode(&coded.ops, base).as_deref(), Some(list));
        assert!(coded.ops.len() <= most_bytes, "{} bytes: {:?}", coded.ops.len(), coded.ops);
    }

    #[test]
    fn a_grown_history_costs_what_is_new() {
        let base = ids(1000..1300);
        let list = ids(1000..1303);
        check(&list, &base, 3 + 1 + 2 + 2);
        assert_eq!(encode(&list, &base).literals, ids([1300, 1301, 1302]));
    }

    #[test]
    fn a_sliding_window_is_one_copy() {
        let base = ids(1000..1300);
        let list = ids(1003..1303);
        check(&list, &base, 9);
    }

    #[test]
    fn a_compacted_history_keeps_its_tail() {
        let base = ids(1..100);
        let list = ids([1, 500].into_iter().chain(90..100).chain([501]));
        check(&list, &base, 12);
        assert_eq!(encode(&list, &base).literals, ids([500, 501]));
    }

    #[test]
    fn an_identical_list_is_one_copy() {
        let base = ids(1..1000);
        check(&base, &base, 3);
        check(&[], &base, 0);
    }

    #[test]
    fn damaged_operations_are_refused() {
        assert_eq!(decode(&[0x80], &[]), None);
        assert_eq!(decode(&[9, 0], &ids([1, 2])), None);
        assert_eq!(decode(&[0xfe, 0xff, 0xff, 0xff, 0x0f], &[]), None);
    }

    #[test]
    fn a_few_bytes_do_not_become_a_list_without_end() {
        let base = ids(0..1 << 16);
        let mut copy_all = Vec::new();
        write_varint(&mut copy_all, (base.len() as u64) * 2 + 1);
        write_varint(&mut copy_all, zigzag(0));
        let mut copy_again = copy_all.clone();
        copy_again.truncate(copy_all.len() - 1);
        write_varint(&mut copy_again, zigzag(-(1 << 16)));
        let times = |count: usize| [copy_all.clone(), copy_again.repeat(count - 1)].concat();
        assert_eq!(decode(&times(LONGEST >> 16), &base).unwrap().len(), LONGEST);
        assert_eq!(decode(&times((LONGEST >> 16) + 1), &base), None);
    }

    proptest! {
        #[test]
        fn any_list_survives(base in prop::collection::vec(0_i64..60, 0..40), list in prop::collection::vec(0_i64..60, 0..40)) {
            let (list, base) = (ids(list), ids(base));
            let coded = encode(&list, &base);
            prop_assert_eq!(decode(&coded.ops, &base), Some(list));
        }

        #[test]
        fn any_bytes_are_read_without_panic(ops in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&ops, &ids([1, 2, 3]));
        }
    }
}
