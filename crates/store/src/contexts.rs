//! Lists of content ids, coded against an earlier list of the same unit.
//!
//! A re-sent history costs a few bytes whether it grew at the end, lost its head to a sliding window or was compacted:
//! what stands in the base list is copied by range, what is new is written out. Pure.
//!
//! A coded list is a sequence of operations, all numbers as LEB128 varints:
//! `len*2+1, start` copies `len` ids from `base[start]` on (`start` zigzag, relative to where the previous copy ended);
//! `len*2, id…` writes ids out (zigzag, relative to the id before).

use std::collections::HashMap;

/// A list coded against its base, and the ids that it had to write out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Coded {
    /// The operations.
    pub(crate) ops: Vec<u8>,
    /// What is in the list and not in the base: the unit meets these ids here.
    pub(crate) literals: Vec<i64>,
}

/// Codes `list` against `base` (empty when there is none).
pub(crate) fn encode(list: &[i64], base: &[i64]) -> Coded {
    let common = list.iter().zip(base).take_while(|(a, b)| a == b).count();
    let mut out = Coder { base, ..Coder::default() };
    out.copy(0, common);
    if common < list.len() {
        let places: HashMap<i64, usize> = base.iter().enumerate().rev().map(|(at, id)| (*id, at)).collect();
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

/// The list that `ops` stands for; `None` when they are damaged or do not fit the base.
pub(crate) fn decode(ops: &[u8], base: &[i64]) -> Option<Vec<i64>> {
    let mut input = ops;
    let mut list = Vec::new();
    let mut copied_to = 0_i64;
    let mut last_id = 0_i64;
    while !input.is_empty() {
        let head = read_varint(&mut input)?;
        let len = usize::try_from(head >> 1).ok()?;
        if head & 1 == 1 {
            let start = copied_to.checked_add(unzigzag(read_varint(&mut input)?))?;
            let start_at = usize::try_from(start).ok()?;
            let range = base.get(start_at..start_at.checked_add(len)?)?;
            list.extend_from_slice(range);
            copied_to = start + range.len() as i64;
            last_id = *range.last().unwrap_or(&last_id);
        } else {
            if len > input.len() {
                return None;
            }
            for _ in 0..len {
                last_id = last_id.checked_add(unzigzag(read_varint(&mut input)?))?;
                list.push(last_id);
            }
        }
    }
    Some(list)
}

#[derive(Default)]
struct Coder<'a> {
    base: &'a [i64],
    ops: Vec<u8>,
    literals: Vec<i64>,
    pending: Vec<i64>,
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
        write_varint(&mut self.ops, zigzag(from as i64 - self.copied_to as i64));
        self.copied_to = from + len;
        self.last_id = self.base[self.copied_to - 1];
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        write_varint(&mut self.ops, self.pending.len() as u64 * 2);
        for id in &self.pending {
            write_varint(&mut self.ops, zigzag(id - self.last_id));
            self.last_id = *id;
        }
        self.literals.append(&mut self.pending);
    }

    fn finish(mut self) -> Coded {
        self.flush();
        Coded { ops: self.ops, literals: self.literals }
    }
}

pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) const fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn read_varint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(list: &[i64], base: &[i64], most_bytes: usize) {
        let coded = encode(list, base);
        assert_eq!(decode(&coded.ops, base).as_deref(), Some(list));
        assert!(coded.ops.len() <= most_bytes, "{} bytes: {:?}", coded.ops.len(), coded.ops);
    }

    #[test]
    fn a_grown_history_costs_what_is_new() {
        let base: Vec<i64> = (1000..1300).collect();
        let list: Vec<i64> = (1000..1303).collect();
        check(&list, &base, 3 + 1 + 2 + 2);
        assert_eq!(encode(&list, &base).literals, [1300, 1301, 1302]);
    }

    #[test]
    fn a_sliding_window_is_one_copy() {
        let base: Vec<i64> = (1000..1300).collect();
        let list: Vec<i64> = (1003..1303).collect();
        check(&list, &base, 9);
    }

    #[test]
    fn a_compacted_history_keeps_its_tail() {
        let base: Vec<i64> = (1..100).collect();
        let list: Vec<i64> = [1, 500].into_iter().chain(90..100).chain([501]).collect();
        check(&list, &base, 12);
        assert_eq!(encode(&list, &base).literals, [500, 501]);
    }

    #[test]
    fn an_identical_list_is_one_copy() {
        let base: Vec<i64> = (1..1000).collect();
        check(&base, &base, 3);
        check(&[], &base, 0);
    }

    #[test]
    fn damaged_operations_are_refused() {
        assert_eq!(decode(&[0x80], &[]), None);
        assert_eq!(decode(&[9, 0], &[1, 2]), None);
        assert_eq!(decode(&[0xfe, 0xff, 0xff, 0xff, 0x0f], &[]), None);
    }

    proptest! {
        #[test]
        fn any_list_survives(base in prop::collection::vec(0_i64..60, 0..40), list in prop::collection::vec(0_i64..60, 0..40)) {
            let coded = encode(&list, &base);
            prop_assert_eq!(decode(&coded.ops, &base), Some(list));
        }

        #[test]
        fn any_bytes_are_read_without_panic(ops in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&ops, &[1, 2, 3]);
        }
    }
}
