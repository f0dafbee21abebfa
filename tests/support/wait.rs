//! Waiting for a state: the only place of the tests that lets time pass.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often a state is looked at, in milliseconds.
const LOOK_EVERY_MS: u64 = 10;

/// Looks again and again until `look` gives a value, at most for `deadline`.
///
/// # Panics
/// When the deadline passes first: the test fails at the line that waited.
#[track_caller]
pub fn eventually<T, F, Fut>(deadline: Duration, mut look: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + deadline;
        let mut tick = interval(Duration::from_millis(LOOK_EVERY_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Some(value) = look().await {
                return value;
            }
            assert!(Instant::now() < end, "{caller}: not within {deadline:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_state_that_comes_later_is_found() {
        let looks = Cell::new(0);
        let found = eventually(Duration::from_secs(5), || async {
            looks.set(looks.get() + 1);
            (looks.get() == 3).then_some("there")
        });
        assert_eq!(found.await, "there");
    }

    #[tokio::test]
    #[should_panic(expected = "not within")]
    async fn a_state_that_never_comes_fails_the_test() {
        eventually(Duration::from_millis(30), || async { None::<()> }).await;
    }
}
