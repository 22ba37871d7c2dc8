//! Mutations of inputs, the same for the same seed.

/// Changes inputs a little, over and over.
#[derive(Debug)]
pub struct Mutator(u64);

/// Bytes at which readers branch: of varints, tags, JSON, gzip and zstd.
const TELLING: &[u8] =
    b"\0\x01\x02\x0a\x12\x1a\x2a\x4a\x7b\x7c\x7f\x80\xff{}[]\",:\\'\x1f\x8b\x28\xb5\x2f\xfd";

impl Mutator {
    /// With a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A changed copy of one of these inputs.
    pub fn mutate(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut out = self.choose(inputs).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            let at = self.below(out.len() + 1);
            match self.below(6) {
                0 => {
                    if let Some(byte) = out.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                1 => {
                    if let Some(byte) = out.get_mut(at) {
                        *byte = *self.choose(TELLING).unwrap_or(&0);
                    }
                }
                2 => out.insert(at, *self.choose(TELLING).unwrap_or(&0)),
                3 => {
                    let end = (at + self.below(16)).min(out.len());
                    out.drain(at..end);
                }
                4 => {
                    // Repeats what stands there.
                    let end = (at + 1 + self.below(24)).min(out.len());
                    let piece = out[at..end].repeat(1 + self.below(32));
                    out.splice(at..at, piece);
                }
                _ => {
                    // Goes on as another input does.
                    let other = self.choose(inputs).cloned().unwrap_or_default();
                    let from = self.below(other.len() + 1);
                    out.truncate(at);
                    out.extend_from_slice(&other[from..]);
                }
            }
        }
        out
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len().max(1)))
    }

    /// A number below this one (xorshift).
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % bound
    }
}
