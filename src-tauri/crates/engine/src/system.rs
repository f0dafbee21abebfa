//! The real clock and the real randomness, for those who start an engine.

use chrono::{DateTime, Utc};
use domain::{Clock, Entropy};
use rustix::time::{ClockId, clock_gettime};

/// Wall clock and boot-time clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the engine's time comes from")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn boot_ms(&self) -> u64 {
        #[cfg(target_os = "linux")]
        let clock = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = ClockId::Monotonic;
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
        seconds * 1_000 + nanos / 1_000_000
    }
}

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Without randomness no key and no id is safe: better to end than to go on.
            tracing::error!(%error, "the operating system gives no random bytes");
            std::process::abort();
        }
    }
}
