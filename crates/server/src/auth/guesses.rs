//! Wrong keys are slowed down and logged.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// All wrong keys together are answered at this pace.
const PACE: Duration = Duration::from_millis(100);
/// So many may be answered at once after a quiet time.
const BURST: u32 = 5;
/// The longest that an answer is held back: a waiting request occupies a connection.
const LONGEST: Duration = Duration::from_secs(3);
/// The log says how many there were at most this often.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Counts wrong keys and says how long each has to wait for its answer.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next one is answered at the earliest.
    next: Option<Instant>,
    /// Those that the log has not named yet.
    unlogged: u64,
    logged: Option<Instant>,
}

impl Guesses {
    /// Notes a wrong key. Its answer waits.
    pub(super) async fn wrong(&self) {
        let wait = self.note(Instant::now());
        tokio::time::sleep(wait).await;
    }

    fn note(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unlogged += 1;
        if state.logged.is_none_or(|logged| now.saturating_duration_since(logged) >= LOG_EVERY) {
            tracing::warn!(requests = state.unlogged, "requests with a wrong key were refused");
            state.logged = Some(now);
            state.unlogged = 0;
        }
        let burst = now.checked_sub(PACE * BURST).unwrap_or(now);
        let turn = state.next.map_or(burst, |next| next.max(burst)) + PACE;
        let wait = turn.saturating_duration_since(now);
        if wait > LONGEST {
            return LONGEST;
        }
        state.next = Some(turn);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wrong_keys_wait_ever_longer_and_a_few_do_not() {
        let (guesses, now) = (Guesses::default(), Instant::now() + Duration::from_secs(60));
        let waits: Vec<Duration> = (0..100).map(|_| guesses.note(now)).collect();
        assert!(waits[..5].iter().all(Duration::is_zero), "{waits:?}");
        assert_eq!(waits[5..8], [PACE, PACE * 2, PACE * 3]);
        assert_eq!(waits[99], LONGEST);
        assert_eq!(guesses.note(now + Duration::from_secs(60)), Duration::ZERO);
    }
}
