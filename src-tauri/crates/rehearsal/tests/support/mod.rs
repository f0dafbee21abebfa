//! What the rehearsal's tests share: a client, and a bound on every wait.

use std::time::Duration;

/// A client like the rehearsal's own.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// Waits for a state; a state that never comes fails the test instead of hanging it.
pub(crate) async fn in_time<T>(waited_for: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), waited_for).await.expect("within 30 s")
}
