//! What a unit's signature says of its texts: which short sequences of bytes (grams) may stand in them.
//!
//! A signature is a Bloom filter with one hash for each gram. A phrase can only stand in a text if all of its grams do, so
//! a unit whose signature lacks one of them need not be read. Texts are folded (`turnscope_query::folded`) before.

/// Bits of a signature.
pub(super) const BITS: usize = 1 << 16;
/// Bytes of a signature.
pub(super) const BYTES: usize = BITS / 8;
/// The lengths of grams. Two bytes are there for questions that are no longer. Of three, four and five together, half a
/// signature tells more about a phrase of five bytes or more than of any two of them (measured on code, prose and JSON).
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=5;
/// How much of a phrase is asked for: a large text is cut into pieces that overlap by as much.
pub(super) const PROBED: usize = 1024;
/// Grams asked for of each length, two to five, at most: the longest tell most.
const MOST: [usize; 4] = [4, 8, 12, 24];

/// A unit's signature.
pub(super) struct Signature {
    words: Box<[u64]>,
    set: usize,
}

impl Signature {
    pub(super) fn new() -> Self {
        Self { words: vec![0; BITS / 64].into(), set: 0 }
    }

    /// Adds all grams of a folded text.
    pub(super) fn add(&mut self, text: &[u8]) {
        let Some(last) = text.len().checked_sub(*LENGTHS.end()) else { return self.add_end(text) };
        for at in 0..=last {
            let mut gram = [0; 8];
            gram[..5].copy_from_slice(&text[at..at + 5]);
            let gram = u64::from_le_bytes(gram);
            for length in LENGTHS {
                self.set(bit(gram & mask(length), length));
            }
        }
        self.add_end(&text[last + 1..]);
    }

    /// Adds the grams of a text's last bytes, before which fewer follow than the longest gram has.
    fn add_end(&mut self, text: &[u8]) {
        for length in LENGTHS {
            for gram in text.windows(length) {
                self.set(bit_of(gram));
            }
        }
    }

    fn set(&mut self, bit: u16) {
        let (word, mask) = (&mut self.words[usize::from(bit / 64)], 1 << (bit % 64));
        self.set += usize::from(*word & mask == 0);
        *word |= mask;
    }

    /// Half of its bits are set: with more it would tell little.
    pub(super) fn is_full(&self) -> bool {
        self.set >= BITS / 2
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// The bits that are set in the signature of every unit whose texts hold a phrase, those that tell most first.
pub(super) fn probes(phrase: &[u8]) -> Vec<u16> {
    let phrase = &phrase[..phrase.len().min(PROBED)];
    let mut bits = Vec::new();
    for length in LENGTHS.rev() {
        let count = (phrase.len() + 1).saturating_sub(length);
        let most = MOST[length - LENGTHS.start()].min(count);
        bits.extend((0..most).map(|n| {
            let at = n * count / most;
            bit_of(&phrase[at..at + length])
        }));
    }
    let mut seen = std::collections::HashSet::new();
    bits.retain(|bit| seen.insert(*bit));
    bits
}

/// Whether all of these bits are set in a signature's bytes.
pub(super) fn has_all(signature: &[u8], probes: &[u16]) -> bool {
    probes
        .iter()
        .all(|bit| signature.get(usize::from(bit / 8)).is_some_and(|byte| byte & (1 << (bit % 8)) != 0))
}

fn bit_of(gram: &[u8]) -> u16 {
    let mut bytes = [0; 8];
    bytes[..gram.len()].copy_from_slice(gram);
    bit(u64::from_le_bytes(bytes), gram.len())
}

/// Multiplicative hashing: the upper bits of the product depend on every byte.
const fn bit(gram: u64, length: usize) -> u16 {
    ((gram | (length as u64) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

const fn mask(length: usize) -> u64 {
    (1 << (8 * length)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_signature_never_denies_what_a_text_holds(
            before in prop::collection::vec(any::<u8>(), 0..40),
            phrase in prop::collection::vec(any::<u8>(), 0..60),
            after in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut signature = Signature::new();
            signature.add(b"another text");
            signature.add(&[before, phrase.clone(), after].concat());
            prop_assert!(has_all(&signature.to_bytes(), &probes(&phrase)));
        }
    }

    #[test]
    fn a_signature_denies_most_of_what_a_text_does_not_hold() {
        let mut signature = Signature::new();
        for n in 0_u64.. {
            if signature.is_full() {
                break;
            }
            signature.add(n.wrapping_mul(0x2545_f491_4f6c_dd1d).to_string().as_bytes());
        }
        let bytes = signature.to_bytes();
        let absent =
            (0..1000).filter(|n| has_all(&bytes, &probes(format!("absent words {n}").as_bytes()))).count();
        assert_eq!(absent, 0);
        assert!(probes(b"a").is_empty() && probes(b"").is_empty());
    }
}
