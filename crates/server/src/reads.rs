//! Bounds what is read: how many questions at once, how long each, and none for clients that are gone.

use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use turnscope_answers::AnswerError;
use turnscope_store::{ReadLimit, StoreError};

/// Questions worked on at once; SQLite's readers do not get faster with more.
pub(crate) const AT_ONCE: usize = 8;
/// Questions that may be waiting or worked on; beyond, a client is told to come back.
pub(crate) const IN_HAND: usize = 256;
/// How long a question may wait for its turn, and how long it may be worked on.
const PATIENCE: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(60);

/// The questions in hand.
pub(crate) struct Reads {
    in_hand: Semaphore,
    at_once: Arc<Semaphore>,
}

impl Reads {
    pub(crate) fn new() -> Self {
        Self { in_hand: Semaphore::new(IN_HAND), at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Works on a question on a blocking thread. When the future is dropped, because the client is gone, the work ends.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        question: impl FnOnce(ReadLimit) -> Result<T, AnswerError> + Send + 'static,
    ) -> Result<T, AnswerError> {
        let busy = || AnswerError::Store(StoreError::Busy);
        let _in_hand = self.in_hand.try_acquire().map_err(|_| busy())?;
        let permit = Arc::clone(&self.at_once).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, permit).await.map_err(|_| busy())?.map_err(|_| busy())?;
        let limit = ReadLimit::within(DEADLINE);
        let _cancel = CancelOnDrop(limit.clone());
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            question(limit)
        })
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "answering a question panicked");
            Err(AnswerError::Store(StoreError::Panicked(error.to_string())))
        })
    }
}

/// Ends the work on a question when the one who asked is gone.
struct CancelOnDrop(ReadLimit);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn a_client_that_is_gone_ends_its_question() {
        let reads = Reads::new();
        let (ended, end) = mpsc::channel();
        let question = reads.run(move |limit| {
            while !limit.is_over() {
                std::thread::sleep(Duration::from_millis(1));
            }
            ended.send(()).unwrap();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), question).await.is_err());
        tokio::task::spawn_blocking(move || end.recv_timeout(Duration::from_secs(10)).unwrap())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn beyond_the_bound_a_client_is_told_to_come_back() {
        let reads = Reads::new();
        let _all = reads.in_hand.try_acquire_many(IN_HAND as u32).unwrap();
        let refused = reads.run(|_| Ok(())).await;
        assert!(matches!(refused, Err(AnswerError::Store(StoreError::Busy))));
    }
}
