//! The memory that requests may take, counted over all requests at once.
//!
//! What cannot be reserved is refused at once, with a hint when to try again. Here: the account. Not here: what is
//! reserved when (`body`, `ingest`).

use crate::refusal::Refusal;
use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in units of this many bytes.
const UNIT: usize = 1024;

/// The bytes of requests that may be pending: being received, decoded, or waiting for their commit.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    free: Arc<Semaphore>,
    units: u32,
}

/// Bytes reserved for one request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    pending: Pending,
    permit: OwnedSemaphorePermit,
}

impl Pending {
    pub(crate) fn new(bytes: usize) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self { free: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// Reserves this many bytes, or refuses at once. What is larger than the limit gets all of it.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<Reservation, Refusal> {
        let permit = self.acquire(self.units_of(bytes))?;
        Ok(Reservation { pending: self.clone(), permit })
    }

    /// How many bytes are reserved.
    pub(crate) fn used(&self) -> usize {
        (self.units as usize).saturating_sub(self.free.available_permits()) * UNIT
    }

    /// How many bytes can be reserved.
    pub(crate) fn limit(&self) -> usize {
        self.units as usize * UNIT
    }

    fn acquire(&self, units: u32) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.free).try_acquire_many_owned(units).map_err(|_| Refusal::Busy)
    }

    fn units_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX).min(self.units)
    }
}

impl Reservation {
    /// Makes the reservation at least this large, or refuses.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let more = self.pending.units_of(bytes).saturating_sub(self.units());
        if more > 0 {
            self.permit.merge(self.pending.acquire(more)?);
        }
        Ok(())
    }

    /// Makes the reservation this large at most.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let less = self.units().saturating_sub(self.pending.units_of(bytes));
        drop(self.permit.split(less as usize));
    }

    fn units(&self) -> u32 {
        u32::try_from(self.permit.num_permits()).unwrap_or(u32::MAX)
    }
}

/// The memory for decoding. What a body decodes to lives for a moment only, beside its reservation.
///
/// Each of the few bodies that are decoded at once may take a fixed share. A larger one waits until it is the only large
/// one: so two of them never wait for each other, and their sum is bounded too.
#[derive(Debug)]
pub(crate) struct DecodingMemory {
    limit: usize,
    share: usize,
    large: Mutex<()>,
}

/// A body may decode to this many times its size, whatever the limit: a body that is small enough to be received is
/// never too large to be decoded, unless it consists of almost empty elements.
const PLAUSIBLE_RATIO: usize = 6;
/// The limit is never smaller than this: a few small spans take more decoded than a small limit for pending bytes allows.
const LEAST: usize = 16 << 20;

impl DecodingMemory {
    /// For so many bodies at once.
    pub(crate) fn new(limit: usize, decoders: usize) -> Self {
        let limit = limit.max(LEAST);
        Self { limit, share: limit / decoders.max(1), large: Mutex::new(()) }
    }

    /// The account of one body of this size.
    pub(crate) fn for_body(&self, bytes: usize) -> DecodingShare<'_> {
        let limit = self.limit.max(bytes.saturating_mul(PLAUSIBLE_RATIO));
        DecodingShare { memory: self, limit, large: RefCell::new(None) }
    }
}

/// What one body may take while it is decoded.
pub(crate) struct DecodingShare<'a> {
    memory: &'a DecodingMemory,
    pub(crate) limit: usize,
    large: RefCell<Option<MutexGuard<'a, ()>>>,
}

impl DecodingShare<'_> {
    /// Whether the body may take this much; waits for another large body where it must.
    pub(crate) fn grant(&self, bytes: usize) -> bool {
        if bytes > self.limit {
            return false;
        }
        if bytes > self.memory.share {
            let wait = || self.memory.large.lock().unwrap_or_else(PoisonError::into_inner);
            self.large.borrow_mut().get_or_insert_with(wait);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_grows_shrinks_and_is_given_back() {
        let pending = Pending::new(100 * UNIT);
        let mut first = pending.reserve(10 * UNIT).unwrap();
        first.grow(50 * UNIT).unwrap();
        assert_eq!(pending.used(), 51 * UNIT);
        assert!(matches!(pending.reserve(60 * UNIT), Err(Refusal::Busy)));
        assert!(matches!(first.grow(usize::MAX), Ok(())), "what is larger than the limit gets all of it");
        first.shrink(UNIT);
        assert_eq!(pending.used(), 2 * UNIT);
        let second = pending.reserve(90 * UNIT).unwrap();
        assert!(first.grow(20 * UNIT).is_err());
        drop((first, second));
        assert_eq!(pending.used(), 0);
    }

    #[test]
    fn a_large_body_waits_for_the_other_large_one_only() {
        let memory = DecodingMemory::new(2 * LEAST, 2);
        let first = memory.for_body(1);
        assert!(first.grant(LEAST + 1));
        assert!(first.grant(2 * LEAST));
        assert!(!first.grant(2 * LEAST + 1));
        let small = memory.for_body(1);
        assert!(small.grant(LEAST));
        std::thread::scope(|scope| {
            let second = scope.spawn(|| memory.for_body(LEAST).grant(6 * LEAST));
            drop(first);
            assert!(second.join().unwrap(), "it takes its turn, and may take six times its size");
        });
    }
}
