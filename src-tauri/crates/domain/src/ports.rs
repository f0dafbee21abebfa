//! What varies from run to run, as parameters: time and randomness. The real ones live at the edges; a test gives its
//! own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time, in two ways.
pub trait Clock: Send + Sync + 'static {
    /// Wall clock. May jump.
    fn now(&self) -> DateTime<Utc>;
    /// Milliseconds of the boot-time clock: never jumps, goes on during suspend (F32).
    fn boot_ms(&self) -> u64;
}

/// Gives unpredictable bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A random (version 4) UUID.
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A number in `0..bound`; 0 for a bound of 0. Good enough for jitter, not for keys.
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        if bound == 0 { 0 } else { u64::from_le_bytes(bytes) % bound }
    }
}
