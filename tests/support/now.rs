//! The real clock for the servers in here, and one that a test can move. The one place of this package that asks the
//! system for the time.

use chrono::{DateTime, Utc};
use domain::Clock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Clocks that go with the system's, as far away from them as a test has moved them.
#[derive(Debug, Default)]
pub struct Shifted {
    wall_ms: AtomicI64,
    boot_ms: AtomicU64,
}

impl Shifted {
    /// The machine slept: both clocks have gone on, the runtime's timers have not.
    pub fn fall_asleep_for(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.boot_ms.fetch_add(ms, Ordering::SeqCst);
        self.set_wall(self.wall_ms.load(Ordering::SeqCst) + ms.cast_signed());
    }

    /// The wall clock is so many milliseconds ahead, or behind, of the right time.
    pub fn set_wall(&self, ms: i64) {
        self.wall_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> DateTime<Utc> {
        System.now() + chrono::Duration::milliseconds(self.wall_ms.load(Ordering::SeqCst))
    }

    fn boot_ms(&self) -> u64 {
        System.boot_ms() + self.boot_ms.load(Ordering::SeqCst)
    }
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock for the tests")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn boot_ms(&self) -> u64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
    }
}
