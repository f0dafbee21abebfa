//! The real clock for the servers in here. The one place of this package that asks the system for the time.

use chrono::{DateTime, Utc};
use domain::Clock;

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
