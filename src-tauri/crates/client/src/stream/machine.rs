//! The stream as a machine without I/O: an input, a moment, and what is to be done about it. Decides when to connect,
//! wait, renew, resume, fetch and give up; what frames mean is in `frames.rs`. Open to the engine's simulation, which
//! carries it out on a network of its own.

use crate::api::approvals::OpenSet;
use crate::failure::Failure;
use crate::settings::Dialect;
use crate::stream::line::{Beat, Line, Stage};
use crate::stream::{Cursor, Ended, Now, Phase, StreamEvent, backoff};
use domain::connection::{RefusedBy, SignIn, Staleness};
use protocol::frame::ClientFrame;
use protocol::rest::EventsPage;

/// How many events a page holds.
pub(crate) const PAGE_LIMIT: u64 = 500;
/// How often a connection may break on something unreadable at one place before that place is skipped (F19).
const UNREADABLE_LIMIT: u32 = 3;

/// A renewed session that is refused within this time was renewed in vain.
const RENEWAL_MS: u64 = 60_000;

/// What happened.
pub enum Input<'a> {
    /// Begin.
    Start,
    /// The handshake went through, with a gateway of this dialect.
    Opened(Dialect),
    /// It did not.
    Failed(Failure),
    /// A text frame.
    Text(&'a str),
    /// A frame without meaning for us: it proves life.
    Heard,
    /// Something no WebSocket may carry, or longer than allowed. The connection is of no more use.
    Unreadable {
        /// What the other side is told (RFC 6455, 7.4.1).
        code: u16,
        what: String,
    },
    /// The other side closed.
    Closed {
        /// Its code, if it gave one.
        code: Option<u16>,
        /// Its words.
        reason: String,
    },
    /// The connection broke.
    Broke(String),
    /// An answer to [`Output::FetchEvents`].
    Page {
        /// Of the asking.
        ticket: u64,
        /// The page, and how many of its events could not be read.
        page: Result<(EventsPage, usize), Failure>,
    },
    /// An answer to [`Output::TakeSnapshot`].
    Snapshot {
        /// Of the asking.
        ticket: u64,
        /// Everything open.
        set: Result<OpenSet, Failure>,
    },
    /// An answer to [`Output::Renew`].
    Renewed(Result<(), Failure>),
    /// Time passed.
    Tick,
    /// The machine woke up or the network changed.
    Woke,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Open a connection; one that is being opened is given up.
    Connect,
    /// Renew the session.
    Renew,
    /// Send this text frame.
    Send(String),
    /// Close the connection and forget it. Answers to older tickets no longer matter.
    Close(u16),
    /// Tell it on.
    Emit(StreamEvent),
    /// Fetch a page of events.
    FetchEvents {
        /// To be given back with the answer.
        ticket: u64,
        /// The events after this seq.
        after: u64,
    },
    /// Read everything open.
    TakeSnapshot {
        /// To be given back with the answer.
        ticket: u64,
    },
    /// It is over.
    End(Ended),
}

/// The machine.
pub struct Machine {
    /// Of the last connection.
    dialect: Dialect,
    pub(super) cursor: Option<Cursor>,
    pub(super) state: State,
    failures: u32,
    failing_since_ms: Option<u64>,
    /// The last try was refused: the next ones go on without a word until something changes.
    refusing: Refusing,
    renewed_ms: Option<u64>,
    pub(super) unreadable: Unreadable,
    pub(super) malformed: u64,
    /// Of the connection at hand.
    pub(super) ticket: u64,
}

pub(super) enum State {
    Resting { until_ms: u64 },
    Dialing,
    Renewing,
    Open(Box<Line>),
    Over,
}

/// Does the gateway, or something in between, refuse?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusing {
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

    fn met(&mut self, at: Option<u64>) {
        self.times = if self.at == at { self.times + 1 } else { 1 };
        self.at = at;
    }
}

impl Machine {
    /// Goes on from a cursor; nothing happens before [`Input::Start`].
    pub fn new(cursor: Option<Cursor>) -> Self {
        Self {
            dialect: Dialect::Holdpoint,
            cursor,
            state: State::Resting { until_ms: 0 },
            failures: 0,
            failing_since_ms: None,
            refusing: Refusing::No,
            renewed_ms: None,
            unreadable: Unreadable::default(),
            malformed: 0,
            ticket: 0,
        }
    }

    /// Whatever the next step is, it is due then at the latest; `None`: only an answer can bring one.
    pub fn deadline_ms(&self) -> Option<u64> {
        match &self.state {
            State::Resting { until_ms } => Some(*until_ms),
            State::Open(line) => Some(line.deadline_ms()),
            State::Dialing | State::Renewing | State::Over => None,
        }
    }

    /// One step.
    pub fn step(&mut self, input: Input<'_>, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        if matches!(self.state, State::Over) {
            return out;
        }
        match input {
            Input::Start => self.dial(&mut out),
            Input::Opened(dialect) => self.opened(dialect, now, &mut out),
            Input::Failed(failure) => self.failed(&failure, now, &mut out),
            Input::Renewed(Ok(())) => {
                self.renewed_ms = Some(now.boot_ms);
                self.dial(&mut out);
            }
            Input::Renewed(Err(failure)) => self.failed(&failure, now, &mut out),
            Input::Tick => self.tick(now, &mut out),
            Input::Woke => self.woke(now, &mut out),
            input if matches!(self.state, State::Open(_)) => self.on_line(input, now, &mut out),
            // Late words of a connection that is gone.
            _ => {}
        }
        out
    }

    fn on_line(&mut self, input: Input<'_>, now: Now, out: &mut Vec<Output>) {
        match input {
            Input::Text(text) => self.text(text, now, out),
            Input::Heard => {
                if let State::Open(line) = &mut self.state {
                    line.heard(now.boot_ms);
                }
            }
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

    fn dial(&mut self, out: &mut Vec<Output>) {
        self.state = State::Dialing;
        if self.refusing == Refusing::No {
            out.push(Output::Emit(StreamEvent::Phase(Phase::Connecting)));
        }
        out.push(Output::Connect);
    }

    fn opened(&mut self, dialect: Dialect, now: Now, out: &mut Vec<Output>) {
        self.ticket += 1;
        self.dialect = dialect;
        self.refusing = Refusing::No;
        let stage = match dialect {
            Dialect::Holdpoint => Stage::Greeting,
            Dialect::Platform => Stage::Plain,
        };
        self.state = State::Open(Box::new(Line::new(now.boot_ms, stage)));
        out.push(Output::Emit(StreamEvent::Phase(Phase::CatchingUp)));
        self.tick(now, out);
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Output>) {
        match &mut self.state {
            State::Resting { until_ms } if now.boot_ms >= *until_ms => self.dial(out),
            State::Open(line) => match line.beat(now.boot_ms) {
                Beat::Fine => {}
                Beat::Ping => self.ping(now, out),
                Beat::Dead => self.lose(Staleness::Lost, 1001, None, now, out),
                Beat::Plain => {
                    line.stage = Stage::Plain;
                    self.ping(now, out);
                }
            },
            _ => {}
        }
    }

    fn ping(&mut self, now: Now, out: &mut Vec<Output>) {
        if let State::Open(line) = &mut self.state {
            line.pinged(now.boot_ms);
            out.push(Output::Send(ClientFrame::Ping.encode()));
        }
    }

    fn woke(&mut self, now: Now, out: &mut Vec<Output>) {
        match &mut self.state {
            // A handshake from before may hang for long.
            State::Resting { .. } | State::Dialing => self.dial(out),
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

    /// The handshake or the renewal did not go through.
    fn failed(&mut self, failure: &Failure, now: Now, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Dialing | State::Renewing) {
            return;
        }
        tracing::debug!(%failure, "the stream could not be opened");
        match (failure.sign_in(), failure.refused_by(), failure.status()) {
            (Some(why), _, _) => self.sign_in_needed(why, out),
            (_, Some(by), _) => self.refused(by, now, out),
            (_, _, Some(401)) => self.unauthorised(now, out),
            (_, _, Some(403)) => self.sign_in_needed(SignIn::NotAllowed, out),
            _ => self.lose(Staleness::Unreachable, 1006, failure.retry_after_ms(), now, out),
        }
    }

    /// A page or a snapshot could not be had: another connection begins anew.
    fn read_failed(&mut self, failure: &Failure, now: Now, out: &mut Vec<Output>) {
        tracing::debug!(%failure, "the stream could not catch up");
        if let Some(why) = failure.sign_in() {
            out.push(Output::Close(1000));
            return self.sign_in_needed(why, out);
        }
        if matches!(failure, Failure::BadAnswer { .. } | Failure::TooLarge { .. }) {
            self.count_malformed(&failure.to_string(), out);
            self.unreadable.met(self.cursor.as_ref().map(|cursor| cursor.seq));
        }
        self.lose(Staleness::Lost, 1000, failure.retry_after_ms(), now, out);
    }

    fn closed(&mut self, code: Option<u16>, reason: &str, now: Now, out: &mut Vec<Output>) {
        tracing::debug!(code, reason, "the stream was closed");
        match code {
            Some(4401) => self.unauthorised(now, out),
            Some(4403) => self.sign_in_needed(SignIn::NotAllowed, out),
            // The platform opens first and asks who it is afterwards (CONTRACT 3).
            Some(1008) if self.dialect == Dialect::Platform => self.unauthorised(now, out),
            Some(1012 | 1013) => self.lose(Staleness::GoingAway, 1000, None, now, out),
            _ => self.lose(Staleness::Lost, 1000, None, now, out),
        }
    }

    /// The session was not taken: it is renewed; if that was just done, a person has to sign in.
    fn unauthorised(&mut self, now: Now, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        match self.renewed_ms {
            Some(renewed) if now.boot_ms < renewed + RENEWAL_MS => self.sign_in_needed(SignIn::Expired, out),
            _ => {
                self.state = State::Renewing;
                // It is not connected now, however long the renewal takes.
                out.push(Output::Emit(StreamEvent::Phase(Phase::Connecting)));
                out.push(Output::Renew);
            }
        }
    }

    pub(super) fn sign_in_needed(&mut self, why: SignIn, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        self.state = State::Over;
        out.push(Output::Emit(StreamEvent::Phase(Phase::SignInNeeded(why))));
        out.push(Output::End(Ended::SignInNeeded(why)));
    }

    pub(super) fn refused(&mut self, by: RefusedBy, now: Now, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        self.rest(None, now);
        self.refusing = Refusing::Yes;
        out.push(Output::Emit(StreamEvent::Phase(Phase::Refused(by))));
    }

    /// The connection is gone, or never came: wait, then try again.
    pub(super) fn lose(
        &mut self,
        why: Staleness,
        code: u16,
        wish_ms: Option<u64>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let (mut why, mut wish_ms) = (why, wish_ms);
        let mut sound = false;
        if let State::Open(line) = &self.state {
            sound = line.was_sound(now.boot_ms);
            if let Some(back_at_ms) = line.back_at_ms {
                why = Staleness::GoingAway;
                wish_ms = Some(back_at_ms.saturating_sub(now.boot_ms));
            }
        }
        self.hang_up(code, out);
        self.refusing = Refusing::No;
        let until_boot_ms = match sound {
            // What worked until now is tried again at once, unless it wished otherwise.
            true => {
                (self.failures, self.failing_since_ms) = (0, None);
                let until_ms = now.boot_ms + wish_ms.unwrap_or(0);
                self.state = State::Resting { until_ms };
                until_ms
            }
            false => self.rest(wish_ms, now),
        };
        let failures = self.failures;
        out.push(Output::Emit(StreamEvent::Phase(Phase::Waiting { until_boot_ms, failures, why })));
    }

    /// Counts a failure and rests.
    fn rest(&mut self, wish_ms: Option<u64>, now: Now) -> u64 {
        let since = *self.failing_since_ms.get_or_insert(now.boot_ms);
        self.failures = self.failures.saturating_add(1);
        let failing_ms = now.boot_ms.saturating_sub(since);
        let delay_ms = backoff::delay_ms(self.failures, failing_ms, now.draw).max(wish_ms.unwrap_or(0));
        let until_ms = now.boot_ms + delay_ms;
        self.state = State::Resting { until_ms };
        until_ms
    }

    fn hang_up(&mut self, code: u16, out: &mut Vec<Output>) {
        if matches!(self.state, State::Open(_)) {
            self.ticket += 1;
            self.state = State::Resting { until_ms: 0 };
            out.push(Output::Close(code));
        }
    }

    pub(super) fn count_malformed(&mut self, sample: &str, out: &mut Vec<Output>) {
        self.malformed += 1;
        let sample = sample.chars().take(200).collect();
        out.push(Output::Emit(StreamEvent::Malformed { count: self.malformed, sample }));
    }
}
