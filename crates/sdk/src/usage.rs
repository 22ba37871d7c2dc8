//! The tokens that a model call used.

/// The tokens a call used. `None` means that the provider did not report the number, which is not the same as
/// 0.
///
/// ```
/// let usage = turnscope::Usage { input: Some(1200), cached: Some(1000), ..Default::default() };
/// assert_eq!(usage.reasoning, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, including cache reads and writes.
    pub input: Option<u64>,
    /// All output tokens, including reasoning.
    pub output: Option<u64>,
    /// The part of the input that was read from the provider's cache.
    pub cached: Option<u64>,
    /// The part of the input that was written to the provider's cache.
    pub cache_written: Option<u64>,
    /// The part of the output that was reasoning.
    pub reasoning: Option<u64>,
}
