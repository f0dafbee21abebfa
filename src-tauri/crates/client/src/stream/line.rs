//! One open connection: is it alive, and how far has the conversation come? Pure; the boot-time clock goes on during
//! suspend, so a connection that slept is known to be dead (F2, F6, F32).

use crate::stream::order::Order;
use crate::stream::pace::Pace;

/// Bounds for the heartbeat a gateway may ask for.
const HEARTBEAT_S: std::ops::RangeInclusive<u64> = 1..=30;

/// One open connection.
pub(crate) struct Line {
    pub(crate) carrier: Carrier,
    pace: Pace,
    opened_ms: u64,
    heard_ms: u64,
    pinged_ms: Option<u64>,
    heartbeat_ms: u64,
    first_frame_ms: Option<u64>,
    prove_by_ms: Option<u64>,
    /// Since when a message is only half here.
    half_since_ms: Option<u64>,
    live_since_ms: Option<u64>,
    /// When the last poll began, and when the next one is due.
    asked_ms: u64,
    poll_at_ms: Option<u64>,
    /// The gateway said that it goes; when to come back.
    pub(crate) back_at_ms: Option<u64>,
    pub(crate) stage: Stage,
}

/// What events come over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A WebSocket.
    Socket,
    /// One call after the other, because no WebSocket gets through (F3).
    Polling,
}

/// How far the conversation has come.
pub(crate) enum Stage {
    /// A gateway of ours has not said hello yet.
    Greeting,
    /// Hello was said; the snapshot is on its way.
    Resetting,
    /// It is to take over from another connection and has asked for what comes after that one's place.
    Joining,
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
    /// The platform's lists are to be read, for want of a socket.
    Look,
    /// The next poll is due.
    Poll,
}

impl Line {
    pub(crate) fn new(now_ms: u64, carrier: Carrier, stage: Stage, pace: Pace) -> Self {
        Self {
            carrier,
            pace,
            opened_ms: now_ms,
            heard_ms: now_ms,
            pinged_ms: None,
            heartbeat_ms: pace.ping_ms,
            first_frame_ms: None,
            prove_by_ms: None,
            half_since_ms: None,
            live_since_ms: None,
            asked_ms: now_ms,
            poll_at_ms: None,
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
        self.half_since_ms = None;
        self.first_frame_ms.get_or_insert(now_ms);
    }

    /// Bytes came that make no whole message yet.
    pub(crate) fn half(&mut self, now_ms: u64) {
        self.half_since_ms.get_or_insert(now_ms);
    }

    /// It was pinged, or its lists were looked at.
    pub(crate) fn pinged(&mut self, now_ms: u64) {
        self.pinged_ms = Some(now_ms);
    }

    /// A poll goes out.
    pub(crate) fn asked(&mut self, now_ms: u64) {
        self.asked_ms = now_ms;
        self.poll_at_ms = None;
    }

    /// The next poll goes out now, yet not sooner than so long after the last.
    pub(crate) fn poll_after(&mut self, now_ms: u64, at_least_ms: u64) {
        self.poll_at_ms = Some(now_ms.max(self.asked_ms + at_least_ms));
    }

    /// Takes over from a line that was live.
    pub(crate) fn goes_on_from(&mut self, old: &Line) {
        self.live_since_ms = old.live_since_ms;
    }

    pub(crate) fn set_heartbeat(&mut self, seconds: u64) {
        let asked_ms = seconds.clamp(*HEARTBEAT_S.start(), *HEARTBEAT_S.end()) * 1_000;
        self.heartbeat_ms = asked_ms.min(self.pace.ping_ms);
    }

    /// There is reason to doubt: it must answer the next ping soon.
    pub(crate) fn doubt(&mut self, now_ms: u64) {
        self.prove_by_ms.get_or_insert(now_ms + self.pace.proof_ms);
    }

    pub(crate) fn live(&mut self, now_ms: u64) {
        self.live_since_ms.get_or_insert(now_ms);
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live_since_ms.is_some()
    }

    /// Was it live long enough that its loss is no failure?
    pub(crate) fn was_sound(&self, now_ms: u64) -> bool {
        self.live_since_ms.is_some_and(|since| now_ms >= since + self.pace.sound_ms)
    }

    pub(crate) fn beat(&self, now_ms: u64) -> Beat {
        let past = |limit: Option<u64>| limit.is_some_and(|limit| now_ms >= limit);
        match (self.carrier, &self.stage) {
            (Carrier::Polling, Stage::Plain) if past(Some(self.look_at())) => Beat::Look,
            (Carrier::Polling, Stage::Sequenced { .. }) if past(self.poll_at_ms) => Beat::Poll,
            // Each call has its own limit.
            (Carrier::Polling, _) => Beat::Fine,
            (Carrier::Socket, _) if past(Some(self.dead_at())) => Beat::Dead,
            (Carrier::Socket, _) if past(self.plain_at()) => Beat::Plain,
            (Carrier::Socket, _) if past(Some(self.ping_at())) => Beat::Ping,
            (Carrier::Socket, _) => Beat::Fine,
        }
    }

    /// When [`Line::beat`] will next say something else than now; `None`: never by itself.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        match (self.carrier, &self.stage) {
            (Carrier::Polling, Stage::Plain) => Some(self.look_at()),
            (Carrier::Polling, _) => self.poll_at_ms,
            (Carrier::Socket, _) => {
                let soonest = self.dead_at().min(self.ping_at());
                Some(self.plain_at().map_or(soonest, |plain| plain.min(soonest)))
            }
        }
    }

    fn dead_at(&self) -> u64 {
        let silent = self.heard_ms + self.pace.dead_ms;
        let mute = match (&self.stage, self.first_frame_ms) {
            (Stage::Greeting, None) => self.opened_ms + self.pace.greeting_ms,
            _ => silent,
        };
        let half = self.half_since_ms.map_or(silent, |since| since + self.pace.message_ms);
        silent.min(mute).min(half).min(self.prove_by_ms.unwrap_or(silent))
    }

    fn plain_at(&self) -> Option<u64> {
        match self.stage {
            Stage::Greeting => self.first_frame_ms.map(|first| first + self.pace.plain_after_ms),
            _ => None,
        }
    }

    fn ping_at(&self) -> u64 {
        match (&self.stage, self.pinged_ms) {
            (Stage::Plain, None) => self.opened_ms,
            (Stage::Plain, Some(pinged)) => pinged + self.pace.ping_ms,
            (_, pinged) => self.heard_ms.max(pinged.unwrap_or(0)) + self.heartbeat_ms,
        }
    }

    fn look_at(&self) -> u64 {
        self.pinged_ms.map_or(self.opened_ms, |looked| looked + self.pace.look_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(now_ms: u64, stage: Stage) -> Line {
        Line::new(now_ms, Carrier::Socket, stage, Pace::default())
    }

    #[test]
    fn f2_silence_is_pinged_after_a_heartbeat_and_dead_after_a_minute() {
        let mut line = line(1_000, Stage::Resetting);
        assert_eq!(line.beat(25_999), Beat::Fine);
        assert_eq!((line.deadline_ms(), line.beat(26_000)), (Some(26_000), Beat::Ping));
        line.pinged(26_000);
        assert_eq!(line.beat(50_999), Beat::Fine);
        assert_eq!(line.beat(61_000), Beat::Dead);
        line.heard(50_999);
        assert_eq!(line.beat(61_000), Beat::Fine);
    }

    #[test]
    fn the_platform_is_pinged_at_once_and_whatever_else_comes() {
        let mut line = line(0, Stage::Plain);
        assert_eq!(line.beat(0), Beat::Ping);
        line.pinged(0);
        line.frame(24_999);
        assert_eq!(line.beat(24_999), Beat::Fine);
        assert_eq!(line.beat(25_000), Beat::Ping);
    }

    #[test]
    fn without_hello_it_is_mute_or_of_the_other_kind() {
        let mut line = line(0, Stage::Greeting);
        assert_eq!(line.beat(10_000), Beat::Dead);
        line.frame(2_000);
        assert_eq!((line.beat(6_999), line.beat(7_000)), (Beat::Fine, Beat::Plain));
    }

    #[test]
    fn f32_a_doubted_line_must_answer_soon() {
        let mut line = line(0, Stage::Resetting);
        line.doubt(1_000);
        assert_eq!(line.beat(6_000), Beat::Dead);
        line.heard(2_000);
        assert_eq!(line.beat(6_000), Beat::Fine);
    }

    #[test]
    fn f8_a_message_that_does_not_come_to_its_end_kills_the_line_whatever_else_proves_life() {
        let mut line = line(0, Stage::Resetting);
        line.half(1_000);
        line.half(20_000);
        line.heard(30_000);
        assert_eq!((line.beat(30_999), line.beat(31_000)), (Beat::Fine, Beat::Dead));
        line.frame(30_500);
        assert_eq!(line.beat(31_000), Beat::Fine);
    }

    #[test]
    fn a_polled_platform_is_looked_at_at_once_and_then_from_time_to_time() {
        let mut line = Line::new(5, Carrier::Polling, Stage::Plain, Pace::default());
        assert_eq!((line.beat(5), line.deadline_ms()), (Beat::Look, Some(5)));
        line.pinged(5);
        assert_eq!((line.beat(10_004), line.beat(10_005)), (Beat::Fine, Beat::Look));
    }
}
