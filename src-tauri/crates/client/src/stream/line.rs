//! One open connection: is it alive, and how far has the conversation come? Pure; the boot-time clock goes on during
//! suspend, so a connection that slept is known to be dead (F2, F6, F32).

use crate::stream::order::Order;

/// Silence after which either side drops (CONTRACT 2).
const DEAD_MS: u64 = 60_000;
/// The platform counts only its own text pings, so they go out whatever else comes.
const PLAIN_PING_MS: u64 = 25_000;
/// A gateway of ours says hello at once.
const GREETING_MS: u64 = 10_000;
/// One that sends something else first gets this long to say hello, then it is treated as the platform.
const PLAIN_AFTER_MS: u64 = 5_000;
/// Time to answer when there is reason to doubt.
const PROOF_MS: u64 = 5_000;
/// A connection that was live for so long counts as a success: its loss is no failure.
const SOUND_MS: u64 = 5_000;
/// Bounds for the heartbeat a gateway may ask for.
const HEARTBEAT_S: std::ops::RangeInclusive<u64> = 1..=30;

/// One open connection.
pub(crate) struct Line {
    opened_ms: u64,
    heard_ms: u64,
    pinged_ms: Option<u64>,
    heartbeat_ms: u64,
    first_frame_ms: Option<u64>,
    prove_by_ms: Option<u64>,
    live_since_ms: Option<u64>,
    /// The gateway said that it goes; when to come back.
    pub(crate) back_at_ms: Option<u64>,
    pub(crate) stage: Stage,
}

/// How far the conversation has come.
pub(crate) enum Stage {
    /// A gateway of ours has not said hello yet.
    Greeting,
    /// Hello was said; the snapshot is on its way.
    Resetting,
    /// Events come in sequence. `drained`: the gateway's word that all was sent, kept until no gap is left.
    Sequenced {
        /// The order of its events.
        order: Order,
        /// All was sent; to be told once nothing is missing.
        drained: Drained,
    },
    /// The platform: no hello, no sequence.
    Plain,
}

/// Has the gateway said that everything was sent?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// Not yet, or told on already.
    No,
    /// Yes; up to this seq where it named one.
    UpTo(Option<u64>),
}

/// What the clock asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Fine,
    Ping,
    Dead,
    /// No hello came: it is of the other kind.
    Plain,
}

impl Line {
    pub(crate) fn new(now_ms: u64, stage: Stage) -> Self {
        Self {
            opened_ms: now_ms,
            heard_ms: now_ms,
            pinged_ms: None,
            heartbeat_ms: PLAIN_PING_MS,
            first_frame_ms: None,
            prove_by_ms: None,
            live_since_ms: None,
            back_at_ms: None,
            stage,
        }
    }

    /// Anything came, if only a control frame.
    pub(crate) fn heard(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
        self.prove_by_ms = None;
    }

    /// A frame came.
    pub(crate) fn frame(&mut self, now_ms: u64) {
        self.heard(now_ms);
        self.first_frame_ms.get_or_insert(now_ms);
    }

    pub(crate) fn pinged(&mut self, now_ms: u64) {
        self.pinged_ms = Some(now_ms);
    }

    pub(crate) fn set_heartbeat(&mut self, seconds: u64) {
        self.heartbeat_ms = seconds.clamp(*HEARTBEAT_S.start(), *HEARTBEAT_S.end()) * 1_000;
    }

    /// There is reason to doubt: it must answer the next ping soon.
    pub(crate) fn doubt(&mut self, now_ms: u64) {
        self.prove_by_ms.get_or_insert(now_ms + PROOF_MS);
    }

    pub(crate) fn live(&mut self, now_ms: u64) {
        self.live_since_ms.get_or_insert(now_ms);
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live_since_ms.is_some()
    }

    /// Was it live long enough that its loss is no failure?
    pub(crate) fn was_sound(&self, now_ms: u64) -> bool {
        self.live_since_ms.is_some_and(|since| now_ms >= since + SOUND_MS)
    }

    pub(crate) fn beat(&self, now_ms: u64) -> Beat {
        let past = |limit: Option<u64>| limit.is_some_and(|limit| now_ms >= limit);
        if past(Some(self.dead_at())) || past(self.back_at_ms) {
            Beat::Dead
        } else if past(self.plain_at()) {
            Beat::Plain
        } else if past(Some(self.ping_at())) {
            Beat::Ping
        } else {
            Beat::Fine
        }
    }

    /// When [`Line::beat`] will next say something else than now.
    pub(crate) fn deadline_ms(&self) -> u64 {
        let optional = [self.plain_at(), self.back_at_ms];
        optional.into_iter().flatten().fold(self.dead_at().min(self.ping_at()), u64::min)
    }

    fn dead_at(&self) -> u64 {
        let silent = self.heard_ms + DEAD_MS;
        let mute = match (&self.stage, self.first_frame_ms) {
            (Stage::Greeting, None) => self.opened_ms + GREETING_MS,
            _ => silent,
        };
        silent.min(mute).min(self.prove_by_ms.unwrap_or(silent))
    }

    fn plain_at(&self) -> Option<u64> {
        match self.stage {
            Stage::Greeting => self.first_frame_ms.map(|first| first + PLAIN_AFTER_MS),
            _ => None,
        }
    }

    fn ping_at(&self) -> u64 {
        match (&self.stage, self.pinged_ms) {
            (Stage::Plain, None) => self.opened_ms,
            (Stage::Plain, Some(pinged)) => pinged + PLAIN_PING_MS,
            (_, pinged) => self.heard_ms.max(pinged.unwrap_or(0)) + self.heartbeat_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f2_silence_is_pinged_after_a_heartbeat_and_dead_after_a_minute() {
        let mut line = Line::new(1_000, Stage::Resetting);
        assert_eq!(line.beat(25_999), Beat::Fine);
        assert_eq!((line.deadline_ms(), line.beat(26_000)), (26_000, Beat::Ping));
        line.pinged(26_000);
        assert_eq!(line.beat(50_999), Beat::Fine);
        assert_eq!(line.beat(61_000), Beat::Dead);
        line.heard(50_999);
        assert_eq!(line.beat(61_000), Beat::Fine);
    }

    #[test]
    fn the_platform_is_pinged_at_once_and_whatever_else_comes() {
        let mut line = Line::new(0, Stage::Plain);
        assert_eq!(line.beat(0), Beat::Ping);
        line.pinged(0);
        line.frame(24_999);
        assert_eq!(line.beat(24_999), Beat::Fine);
        assert_eq!(line.beat(25_000), Beat::Ping);
    }

    #[test]
    fn without_hello_it_is_mute_or_of_the_other_kind() {
        let mut line = Line::new(0, Stage::Greeting);
        assert_eq!(line.beat(10_000), Beat::Dead);
        line.frame(2_000);
        assert_eq!((line.beat(6_999), line.beat(7_000)), (Beat::Fine, Beat::Plain));
    }

    #[test]
    fn f32_a_doubted_line_must_answer_soon() {
        let mut line = Line::new(0, Stage::Resetting);
        line.doubt(1_000);
        assert_eq!(line.beat(6_000), Beat::Dead);
        line.heard(2_000);
        assert_eq!(line.beat(6_000), Beat::Fine);
    }
}
