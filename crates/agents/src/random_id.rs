//! Ids of runs and of queued tasks.

/// Sixteen random bytes in hex. All zeros if the system has no randomness: the id need not be unpredictable.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}
