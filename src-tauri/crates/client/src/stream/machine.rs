//! The stream as a machine without I/O: an input, a moment, and what is to be done about it. Decides when to connect
//! and to prove life. What frames mean is in `frames.rs`, what follows from a loss in `loss.rs`, polling in place of a
//! socket in `polling.rs`, the connection that takes over from another in `next.rs`.

use crate::settings::Dialect;
pub use crate::stream::inout::{Input, Leg, Output};
use crate::stream::line::{Beat, Carrier, Line, Stage};
use crate::stream::next::Next;
use crate::stream::pace::Pace;
use crate::stream::state::{Pause, Refusing, State, Trouble, Unreadable};
use crate::stream::{Cursor, Now, Phase, StreamEvent};
use chrono::{DateTime, Utc};
use domain::connection::Staleness;
use protocol::frame::ClientFrame;

/// How many events a page holds.
pub(crate) const PAGE_LIMIT: u64 = 500;

/// The machine.
pub struct Machine {
    pub(super) pace: Pace,
    /// As far as known.
    pub(super) dialect: Dialect,
    pub(super) cursor: Option<Cursor>,
    pub(super) state: State,
    pub(super) next: Next,
    pub(super) failures: u32,
    pub(super) failing_since_ms: Option<u64>,
    /// The last try was refused: the next ones go on without a word until something changes.
    pub(super) refusing: Refusing,
    pub(super) renewed_ms: Option<u64>,
    pub(super) trouble: Trouble,
    pub(super) unreadable: Unreadable,
    pub(super) malformed: u64,
    /// Answers to older ones no longer matter.
    pub(super) ticket: u64,
}

impl Machine {
    /// Goes on from a cursor; nothing happens before [`Input::Start`].
    pub fn new(cursor: Option<Cursor>, pace: Pace) -> Self {
        Self {
            pace,
            dialect: Dialect::Holdpoint,
            cursor,
            state: State::Resting { until_ms: 0, pause: Pause::Own },
            next: Next::None,
            failures: 0,
            failing_since_ms: None,
            refusing: Refusing::No,
            renewed_ms: None,
            trouble: Trouble::default(),
            unreadable: Unreadable::default(),
            malformed: 0,
            ticket: 0,
        }
    }

    /// Whatever the next step is, it is due then at the latest; `None`: only an answer can bring one.
    pub fn deadline_ms(&self) -> Option<u64> {
        let main = match &self.state {
            State::Resting { until_ms, .. } => Some(*until_ms),
            State::Open(line) => line.deadline_ms(),
            State::Dialing { .. } | State::Renewing | State::Over => None,
        };
        match (main, self.next.deadline_ms()) {
            (Some(main), Some(next)) => Some(main.min(next)),
            (main, next) => main.or(next),
        }
    }

    /// The dialect is known from elsewhere, before a handshake went through.
    pub fn speaks(&mut self, dialect: Option<Dialect>) {
        self.dialect = dialect.unwrap_or(self.dialect);
    }

    /// One step. Inputs about no connection in particular come as the main one's.
    pub fn step(&mut self, leg: Leg, input: Input<'_>, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        if matches!(self.state, State::Over) {
            return out;
        }
        match (leg, input) {
            (Leg::Main, Input::Start) => self.dial(now, &mut out),
            (Leg::Main, Input::Opened(dialect, time)) => self.opened(dialect, time, now, &mut out),
            (Leg::Main, Input::Failed(failure)) => self.failed(&failure, now, &mut out),
            (Leg::Main, Input::Renewed(Ok(()))) => {
                self.renewed_ms = Some(now.boot_ms);
                self.dial(now, &mut out);
            }
            (Leg::Main, Input::Renewed(Err(failure))) => self.failed(&failure, now, &mut out),
            (Leg::Main, Input::SessionEnded(why)) => self.sign_in_needed(why, &mut out),
            (Leg::Main, Input::Tick) => {
                self.tick(now, &mut out);
                self.tick_next(now, &mut out);
            }
            (Leg::Main, Input::Woke) => self.woke(now, &mut out),
            (Leg::Main, input) if matches!(self.state, State::Open(_)) => self.on_line(input, now, &mut out),
            (Leg::Next, input) => self.on_next(input, now, &mut out),
            // Late words of a connection that is gone.
            _ => {}
        }
        out
    }

    fn on_line(&mut self, input: Input<'_>, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        match input {
            Input::Text(text) => self.text(text, now, out),
            Input::Heard => line.heard(now.boot_ms),
            Input::Half => line.half(now.boot_ms),
            Input::Unreadable { code, what } => {
                self.count_malformed(&what, out);
                self.unreadable.met(self.cursor.as_ref().map(|cursor| cursor.seq));
                self.lose(Staleness::Lost, code, None, now, out);
            }
            Input::Closed { code, reason } => self.closed(code, &reason, now, out),
            Input::Broke(why) => {
                tracing::debug!(why, "the stream broke");
                self.lose(Staleness::Lost, 1006, None, now, out);
            }
            Input::Page { ticket, page } if ticket == self.ticket => match page {
                Ok((page, bad)) => self.page(page, bad, now, out),
                Err(failure) => self.read_failed(&failure, now, out),
            },
            Input::Snapshot { ticket, set } if ticket == self.ticket => match set {
                Ok(set) => self.snapshot(set, out),
                Err(failure) => self.read_failed(&failure, now, out),
            },
            _ => {}
        }
    }

    fn dial(&mut self, now: Now, out: &mut Vec<Output>) {
        self.state = State::Dialing { since_ms: now.boot_ms };
        if self.refusing == Refusing::No {
            out.push(Output::Emit(StreamEvent::Phase(Phase::Connecting)));
        }
        out.push(Output::Connect(Leg::Main));
    }

    fn opened(&mut self, dialect: Dialect, time: Option<DateTime<Utc>>, now: Now, out: &mut Vec<Output>) {
        self.ticket += 1;
        self.dialect = dialect;
        self.refusing = Refusing::No;
        self.state = State::Open(Box::new(self.fresh_line(Carrier::Socket, now)));
        out.push(Output::Emit(StreamEvent::Phase(Phase::CatchingUp)));
        // A hello tells the time itself, and better.
        if let (Some(time), Dialect::Platform) = (time, dialect) {
            out.push(Output::Emit(StreamEvent::server_time(time, now)));
        }
        self.tick(now, out);
    }

    pub(super) fn fresh_line(&self, carrier: Carrier, now: Now) -> Line {
        let stage = match self.dialect {
            Dialect::Holdpoint => Stage::Greeting,
            Dialect::Platform => Stage::Plain,
        };
        Line::new(now.boot_ms, carrier, stage, self.pace)
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Output>) {
        match &mut self.state {
            State::Resting { until_ms, .. } if now.boot_ms >= *until_ms => self.dial(now, out),
            State::Open(line) => match line.beat(now.boot_ms) {
                Beat::Fine => {}
                Beat::Ping => self.ping(now, out),
                Beat::Dead => self.lose(Staleness::Lost, 1001, None, now, out),
                Beat::Plain => {
                    line.stage = Stage::Plain;
                    self.ping(now, out);
                }
                Beat::Look => self.look(now, out),
                Beat::Poll => self.poll(now, out),
            },
            _ => {}
        }
    }

    fn ping(&mut self, now: Now, out: &mut Vec<Output>) {
        if let State::Open(line) = &mut self.state {
            line.pinged(now.boot_ms);
            out.push(Output::Send(Leg::Main, ClientFrame::Ping.encode()));
        }
    }

    fn woke(&mut self, now: Now, out: &mut Vec<Output>) {
        self.wake_next(now, out);
        match &mut self.state {
            // What the gateway asked for is obeyed, awake or not.
            State::Resting { pause: Pause::Asked, .. } => self.tick(now, out),
            // A handshake from before may hang for long.
            State::Resting { .. } | State::Dialing { .. } => self.dial(now, out),
            State::Open(line) if line.carrier == Carrier::Polling => self.poll_anew(now, out),
            State::Open(line) => {
                line.doubt(now.boot_ms);
                match line.beat(now.boot_ms) {
                    Beat::Dead => self.tick(now, out),
                    _ => self.ping(now, out),
                }
            }
            State::Renewing | State::Over => {}
        }
    }

    /// What was refused before is forgotten: the next refusal is told again.
    pub(super) fn be_willing(&mut self) {
        self.refusing = Refusing::No;
    }

    pub(super) fn count_malformed(&mut self, sample: &str, out: &mut Vec<Output>) {
        self.malformed += 1;
        let sample = sample.chars().take(200).collect();
        out.push(Output::Emit(StreamEvent::Malformed { count: self.malformed, sample }));
    }
}
