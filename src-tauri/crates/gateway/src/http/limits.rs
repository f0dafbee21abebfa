//! The rate limit: so many requests per minute and authenticated user (A29: never by address or forwarded header).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const WINDOW_MS: u64 = 60_000;
/// Windows kept before the ended ones are swept out.
const SWEEP_AT: usize = 4_096;

/// Counts per user in windows of a minute, each starting with the user's first request.
pub(crate) struct RateLimit {
    per_min: u32,
    windows: Mutex<HashMap<String, Window>>,
}

struct Window {
    started_ms: u64,
    taken: u32,
}

impl RateLimit {
    pub(crate) fn new(per_min: u32) -> Self {
        Self { per_min, windows: Mutex::default() }
    }

    /// Counts one request, or tells the seconds to wait.
    pub(crate) fn take(&self, user: &str, now_ms: u64) -> Result<(), u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > SWEEP_AT {
            windows.retain(|_, window| now_ms < window.started_ms + WINDOW_MS);
        }
        let window = windows.entry(user.to_owned()).or_insert(Window { started_ms: now_ms, taken: 0 });
        if now_ms >= window.started_ms + WINDOW_MS {
            *window = Window { started_ms: now_ms, taken: 0 };
        }
        if window.taken >= self.per_min {
            return Err((window.started_ms + WINDOW_MS - now_ms).div_ceil(1_000));
        }
        window.taken += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_his_own_minute() {
        let limit = RateLimit::new(2);
        assert_eq!(limit.take("a", 0), Ok(()));
        assert_eq!(limit.take("a", 10), Ok(()));
        assert_eq!(limit.take("a", 30_000), Err(30));
        assert_eq!(limit.take("b", 30_000), Ok(()));
        assert_eq!(limit.take("a", 60_000), Ok(()));
    }
}
