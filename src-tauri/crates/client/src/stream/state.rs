//! The states of the stream's machine, and what it remembers of failures.

use crate::stream::line::Line;
use crate::stream::pace::Pace;

/// How often a connection may break on something unreadable at one place before that place is skipped (F19).
const UNREADABLE_LIMIT: u32 = 3;
/// Handshakes in a row that fail although the gateway answers, until polling takes over.
const HANDSHAKES: u32 = 3;

pub(super) enum State {
    Resting { until_ms: u64, pause: Pause },
    Dialing { since_ms: u64 },
    Renewing,
    Open(Box<Line>),
    Over,
}

/// Who wants a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// This side: whatever may have changed ends it.
    Own,
    /// The gateway asked for it.
    Asked,
}

/// Handshakes of the socket that failed in a row although the gateway was there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    times: u32,
    since_ms: Option<u64>,
}

impl Trouble {
    pub(super) fn met(&mut self, since_ms: u64) {
        self.times += 1;
        self.since_ms.get_or_insert(since_ms);
    }

    pub(super) fn is_enough(self, now_ms: u64, pace: &Pace) -> bool {
        let long = self.since_ms.is_some_and(|since| now_ms >= since + pace.fall_back_ms);
        self.times >= HANDSHAKES || long
    }
}

/// Does the gateway, or something in between, refuse?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusing {
    No,
    Yes,
}

/// The place where connections keep breaking on something unreadable.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unreadable {
    at: Option<u64>,
    times: u32,
}

impl Unreadable {
    /// Skip the place?
    pub(super) fn is_stuck(self) -> bool {
        self.times >= UNREADABLE_LIMIT
    }

    pub(super) fn met(&mut self, at: Option<u64>) {
        self.times = if self.at == at { self.times + 1 } else { 1 };
        self.at = at;
    }
}
