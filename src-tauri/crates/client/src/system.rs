//! The real clock and the real dice. The one place of this crate that asks the system for either.

use chrono::{DateTime, Utc};
use domain::{Clock, Entropy};

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the port's real side")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[cfg(unix)]
    fn boot_ms(&self) -> u64 {
        // Only Linux's monotonic clock stands still during suspend; elsewhere it is the boot-time clock already.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
        seconds * 1_000 + nanoseconds / 1_000_000
    }

    #[cfg(not(unix))]
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the port's real side; it goes on during suspend here"
    )]
    fn boot_ms(&self) -> u64 {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Two decisions under one key would be worse than no process: there is nothing to fall back on.
            tracing::error!(%error, "the system has no random numbers");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_clock_runs_forward_and_ids_differ() {
        let (first, second) = (SystemClock.boot_ms(), SystemClock.boot_ms());
        assert!(first > 0 && second >= first);
        assert_ne!(SystemEntropy.uuid(), SystemEntropy.uuid());
    }
}
