//! The stream's times, as one value: how long silence may last, when to fall back, when to probe.

/// Milliseconds by the boot-time clock. The defaults are the product's (CONTRACT 2, 3; PROOF, Network).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Silence after which a gateway of ours is pinged, where its hello asks for no less; the platform is pinged so often
    /// whatever comes, for it counts only its own text pings.
    pub ping_ms: u64,
    /// Silence after which the connection is dead (F2).
    pub dead_ms: u64,
    /// For the first frame of a gateway of ours, which says hello at once.
    pub greeting_ms: u64,
    /// For its hello, where something else came first; then it is treated as the platform.
    pub plain_after_ms: u64,
    /// For an answer when there is reason to doubt.
    pub proof_ms: u64,
    /// For a message that has begun to be whole (F8).
    pub message_ms: u64,
    /// A connection that was live for so long counts as a success: its loss is no failure, and the pauses begin anew.
    pub sound_ms: u64,
    /// Handshakes that failed for so long lead to polling, however few they were.
    pub fall_back_ms: u64,
    /// How long one long poll waits at the gateway; at most 25 s are granted.
    pub poll_ms: u64,
    /// How often the lists of the platform are read while its socket does not get through.
    pub look_ms: u64,
    /// Until a WebSocket is tried again while polling; doubled with each failure, up to five times as long.
    pub probe_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            ping_ms: 25_000,
            dead_ms: 60_000,
            greeting_ms: 10_000,
            plain_after_ms: 5_000,
            proof_ms: 5_000,
            message_ms: 30_000,
            sound_ms: 60_000,
            fall_back_ms: 10_000,
            poll_ms: 25_000,
            look_ms: 10_000,
            probe_ms: 60_000,
        }
    }
}
