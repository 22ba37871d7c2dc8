//! Many durations in a few bytes: how many lie in each bucket. Sketches can be added and taken from each other exactly.
//!
//! A bucket is 1/64 of a power of two wide, so that its middle is less than 0.8 % away from anything in it; below 128 ns
//! each value has its own.

use crate::encode::varint::{read_varint, unzigzag, write_varint, zigzag};
use std::collections::BTreeMap;

/// How many durations lie in each bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch(BTreeMap<u64, i64>);

/// Buckets in a power of two.
const PER_POWER: u64 = 64;

fn bucket_of(duration: i64) -> u64 {
    let duration = u64::try_from(duration).unwrap_or(0);
    let power = u64::from(duration.checked_ilog2().unwrap_or(0));
    if duration < 2 * PER_POWER {
        return duration;
    }
    let shift = power - u64::from(PER_POWER.ilog2());
    PER_POWER * shift + (duration >> shift)
}

/// The middle of a bucket.
fn middle(bucket: u64) -> i64 {
    if bucket < 2 * PER_POWER {
        return i64::try_from(bucket).unwrap_or(i64::MAX);
    }
    let shift = bucket / PER_POWER - 1;
    let low = u128::from(bucket - PER_POWER * shift) << shift.min(64);
    i64::try_from(low + (1_u128 << shift.min(64)) / 2).unwrap_or(i64::MAX)
}

impl Sketch {
    /// Adds so many of a duration.
    pub(crate) fn add(&mut self, duration: i64, times: i64) {
        self.change(bucket_of(duration), times);
    }

    /// Adds all of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (bucket, times) in &other.0 {
            self.change(*bucket, *times);
        }
    }

    fn change(&mut self, bucket: u64, times: i64) {
        let count = self.0.entry(bucket).or_default();
        *count = count.saturating_add(times);
        if *count == 0 {
            self.0.remove(&bucket);
        }
    }

    /// The durations, each with how many there are, in order.
    pub(crate) fn durations(&self) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().filter_map(|(bucket, times)| Some((middle(*bucket), u64::try_from(*times).ok()?)))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let (mut bytes, mut last) = (Vec::new(), 0);
        for (bucket, times) in &self.0 {
            write_varint(&mut bytes, bucket - last);
            write_varint(&mut bytes, zigzag(*times));
            last = *bucket;
        }
        bytes
    }

    /// Reads what [`Sketch::encode`] wrote.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let (mut sketch, mut last) = (Self::default(), 0_u64);
        while !bytes.is_empty() {
            last = last.checked_add(read_varint(&mut bytes)?)?;
            sketch.0.insert(last, unzigzag(read_varint(&mut bytes)?));
        }
        Some(sketch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn durations() -> impl Strategy<Value = i64> {
        prop_oneof![-5..300_i64, 0..10_000_000_000_i64, Just(i64::MAX), any::<i64>()]
    }

    proptest! {
        #[test]
        fn a_duration_is_given_back_within_a_hundredth(duration in durations()) {
            let mut sketch = Sketch::default();
            sketch.add(duration, 1);
            let sketch = Sketch::decode(&sketch.encode()).unwrap();
            let (given, times) = sketch.durations().next().unwrap();
            let expected = duration.max(0);
            prop_assert_eq!(times, 1);
            prop_assert!(given.abs_diff(expected) as f64 <= expected as f64 * 0.01, "{} for {}", given, expected);
        }

        #[test]
        fn what_is_added_and_taken_away_leaves_nothing(all in prop::collection::vec((durations(), 1..5_i64), 0..50)) {
            let mut sketch = Sketch::default();
            for (duration, times) in &all {
                sketch.add(*duration, *times);
            }
            let mut whole = Sketch::decode(&sketch.encode()).unwrap();
            prop_assert_eq!(&whole, &sketch);
            for (duration, times) in all {
                whole.add(duration, -times);
            }
            prop_assert_eq!(whole, Sketch::default());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(sketch) = Sketch::decode(&bytes) {
                sketch.durations().count();
            }
        }
    }
}
