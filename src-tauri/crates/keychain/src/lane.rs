//! Blocking calls, one at a time and with an end to patience. A locked keychain blocks its caller until someone types
//! a password; a thread of the async runtime held by that would keep the whole process from ending.

use crate::KeychainError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// The way to the credential store, one call wide.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    turn: Arc<Semaphore>,
    /// The caller of the call that holds the turn has given up.
    given_up: Arc<AtomicBool>,
    patience: Duration,
}

impl Lane {
    /// A lane whose callers wait at most so long, their turn included.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), given_up: Arc::default(), patience }
    }

    /// Makes a call on a thread of its own. When patience ends the call may still be blocked: its thread is left to
    /// itself, and until it is back the next callers are told at once. A start reads several secrets; nobody waits
    /// through the same locked keychain once for each of them.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, KeychainError> {
        let lost = |what: &str| KeychainError::Failed(what.to_owned());
        if self.turn.available_permits() == 0 && self.given_up.load(Ordering::Acquire) {
            return Err(KeychainError::Locked);
        }
        let answered = async {
            let turn = self.turn.clone().acquire_owned().await.map_err(|e| lost(&e.to_string()))?;
            self.given_up.store(false, Ordering::Release);
            let (tell, told) = oneshot::channel();
            let work = move || {
                let answer = call();
                drop(turn);
                // Nobody waits any more: the answer is dropped, and a secret in it wiped.
                let _ = tell.send(answer);
            };
            std::thread::Builder::new()
                .name("keychain".into())
                .spawn(work)
                .map_err(|e| lost(&e.to_string()))?;
            told.await.map_err(|_| lost("its call ended without an answer"))
        };
        match tokio::time::timeout(self.patience, answered).await {
            Ok(answer) => answer,
            Err(_) => {
                self.given_up.store(true, Ordering::Release);
                Err(KeychainError::Locked)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn f47_a_call_that_blocks_is_locked_and_the_next_one_works_once_it_is_back() {
        let lane = Lane::new(Duration::from_millis(50));
        let (unlock, prompt) = mpsc::channel::<()>();
        let (back, is_back) = mpsc::channel::<()>();
        let blocked = move || {
            let _ = prompt.recv();
            back
        };
        assert_eq!(lane.run(blocked).await.err(), Some(KeychainError::Locked));
        // However patient: it is known that nothing comes while the blocked one is there.
        let patient = Lane { patience: Duration::MAX, ..lane.clone() };
        assert_eq!(patient.run(|| 1).await, Err(KeychainError::Locked), "behind the blocked one");
        drop(unlock);
        assert!(is_back.recv().is_err(), "the blocked call has ended");
        let patient = Lane { patience: Duration::from_secs(60), ..lane };
        assert_eq!(patient.run(|| 2).await, Ok(2));
    }

    #[tokio::test]
    async fn a_call_that_dies_is_a_failure_not_a_lock() {
        let lane = Lane::new(Duration::from_secs(60));
        let died = lane
            .run(|| {
                if lane_is_cursed() {
                    panic!("on purpose")
                }
            })
            .await;
        assert!(matches!(died, Err(KeychainError::Failed(_))), "{died:?}");
        assert_eq!(lane.run(|| 3).await, Ok(3), "the turn was given back");
    }

    fn lane_is_cursed() -> bool {
        true
    }
}
