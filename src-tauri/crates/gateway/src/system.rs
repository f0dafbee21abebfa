//! The real clock and the real randomness: the only place where this crate touches either.
#![allow(
    clippy::disallowed_methods,
    reason = "these are the implementations that everyone else takes as ports"
)]

use chrono::{DateTime, Utc};
use domain::{Clock, Entropy};
use std::sync::LazyLock;
use std::time::Instant;

/// The operating system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn boot_ms(&self) -> u64 {
        // A gateway measures durations within one run only, so the start of the process serves as the origin.
        u64::try_from(STARTED.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Keys are made of these bytes: going on with predictable ones would be worse than ending here.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
