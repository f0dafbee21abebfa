//! Waiting for a state, instead of for a time.

use anyhow::{Result, bail};
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Long enough for anything here on a busy machine; nothing waits for it that goes well.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Looks until `found` has something; `what` names it in the error.
///
/// # Errors
/// It did not come within [`PATIENCE`].
pub async fn until<T, F>(what: &str, mut found: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = found().await {
            return Ok(it);
        }
        if Instant::now() >= deadline {
            bail!("\"{what}\" did not come within {} s", PATIENCE.as_secs());
        }
        sleep(LOOK_EVERY).await;
    }
}
