//! What the rehearsal's tests share: a client, and a bound on every wait.

use std::time::Duration;

/// The rehearsal's own client.
pub(crate) fn client() -> gateway::reqwest::Client {
    rehearsal::client().expect("a client")
}

/// Waits for a state; a state that never comes fails the test instead of hanging it.
pub(crate) async fn in_time<T>(waited_for: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), waited_for).await.expect("within 30 s")
}
