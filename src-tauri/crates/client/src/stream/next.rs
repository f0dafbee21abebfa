//! The connection that takes over from another: after `going_away` (make-before-break, F12), or when a WebSocket gets
//! through again while polling (F3). The old one counts until the new one has caught up; both feed one order, which
//! tells each event once.

use crate::capability::{Capabilities, Capability};
use crate::settings::Dialect;
use crate::stream::inout::{Input, Leg, Output};
use crate::stream::line::{Beat, Carrier, Line, Stage};
use crate::stream::machine::Machine;
use crate::stream::state::{Pause, State};
use crate::stream::{Now, Phase, StreamEvent};
use protocol::frame::{self, ClientFrame, Hello, ServerFrame};
use protocol::rest::PROTOCOL;

/// First pause after a failed try to take over from a gateway that goes away.
const AGAIN_MS: u64 = 1_000;
/// A pause grows to so many times the first.
const GROWTH: u64 = 5;

/// How far the next connection is.
pub(crate) enum Next {
    /// None is wanted.
    None,
    /// To be opened then.
    Due { at_ms: u64, tries: u32, pause: Pause },
    /// Being opened.
    Dialing { tries: u32 },
    /// Open, and not caught up yet.
    Open { line: Box<Line>, tries: u32 },
}

impl Next {
    pub(super) fn due(at_ms: u64, pause: Pause) -> Self {
        Next::Due { at_ms, tries: 0, pause }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Next::Open { .. })
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        match self {
            Next::Due { at_ms, .. } => Some(*at_ms),
            Next::Open { line, .. } => line.deadline_ms(),
            Next::None | Next::Dialing { .. } => None,
        }
    }

    fn tries(&self) -> u32 {
        match self {
            Next::None => 0,
            Next::Due { tries, .. } | Next::Dialing { tries } | Next::Open { tries, .. } => *tries,
        }
    }
}

impl Machine {
    pub(super) fn on_next(&mut self, input: Input<'_>, now: Now, out: &mut Vec<Output>) {
        match (input, &mut self.next) {
            (Input::Opened(dialect, _), Next::Dialing { tries }) if dialect == self.dialect => {
                let tries = *tries;
                let line = Box::new(self.fresh_line(Carrier::Socket, now));
                self.next = Next::Open { line, tries };
                self.tick_next(now, out);
            }
            (Input::Text(text), Next::Open { line, .. }) => {
                line.frame(now.boot_ms);
                match frame::decode(text) {
                    Ok(frame) => self.next_frame(frame, now, out),
                    Err(_) => self.count_malformed(text, out),
                }
            }
            (Input::Heard, Next::Open { line, .. }) => line.heard(now.boot_ms),
            (Input::Half, Next::Open { line, .. }) => line.half(now.boot_ms),
            (Input::Failed(failure), Next::Dialing { .. }) => {
                tracing::debug!(%failure, "no connection to take over with");
                self.next_failed(1000, now, out);
            }
            (Input::Unreadable { code, .. }, Next::Open { .. }) => self.next_failed(code, now, out),
            (Input::Opened(..) | Input::Closed { .. } | Input::Broke(_), _) => {
                self.next_failed(1000, now, out)
            }
            _ => {}
        }
    }

    pub(super) fn tick_next(&mut self, now: Now, out: &mut Vec<Output>) {
        match &mut self.next {
            Next::Due { at_ms, tries, .. } if now.boot_ms >= *at_ms => {
                self.next = Next::Dialing { tries: *tries };
                out.push(Output::Connect(Leg::Next));
            }
            Next::Open { line, .. } => match line.beat(now.boot_ms) {
                Beat::Ping => {
                    line.pinged(now.boot_ms);
                    out.push(Output::Send(Leg::Next, ClientFrame::Ping.encode()));
                }
                Beat::Dead | Beat::Plain => self.next_failed(1001, now, out),
                Beat::Fine | Beat::Look | Beat::Poll => {}
            },
            _ => {}
        }
    }

    /// The network may be another one: what waits of itself is tried now.
    pub(super) fn wake_next(&mut self, now: Now, out: &mut Vec<Output>) {
        if let Next::Due { at_ms, pause: Pause::Own, .. } = &mut self.next {
            *at_ms = now.boot_ms;
        }
        self.tick_next(now, out);
    }

    /// Gives it up, as far as it has come.
    pub(super) fn drop_next(&mut self, code: u16, out: &mut Vec<Output>) {
        if matches!(self.next, Next::Dialing { .. } | Next::Open { .. }) {
            out.push(Output::Close(Leg::Next, code));
        }
        self.next = Next::None;
    }

    fn next_failed(&mut self, code: u16, now: Now, out: &mut Vec<Output>) {
        let tries = self.next.tries() + 1;
        self.drop_next(code, out);
        let first_ms = match &self.state {
            State::Open(line) if line.carrier == Carrier::Polling => self.pace.probe_ms,
            _ => AGAIN_MS,
        };
        let pause_ms = (first_ms << (tries - 1).min(8)).min(first_ms * GROWTH);
        self.next = Next::Due { at_ms: now.boot_ms + pause_ms, tries, pause: Pause::Own };
    }

    fn next_frame(&mut self, frame: ServerFrame, now: Now, out: &mut Vec<Output>) {
        let Next::Open { line, .. } = &self.next else { return };
        match (frame, &line.stage) {
            (ServerFrame::Hello(hello), Stage::Greeting) => self.next_hello(hello, now, out),
            (frame @ (ServerFrame::Drained { .. } | ServerFrame::Reset(_)), Stage::Joining) => {
                self.take_over(out);
                self.frame(frame, now, out);
            }
            (frame @ ServerFrame::Event(_), Stage::Joining) => self.frame(frame, now, out),
            (frame @ ServerFrame::Pong, Stage::Plain) => {
                self.take_over(out);
                self.frame(frame, now, out);
            }
            (ServerFrame::Document(document), Stage::Plain) => {
                out.push(Output::Emit(StreamEvent::Documents(vec![*document])));
            }
            (ServerFrame::GoingAway { .. }, _) => self.next_failed(1000, now, out),
            (ServerFrame::Access(access), _) => out.push(Output::Emit(StreamEvent::Access(access))),
            _ => {}
        }
    }

    /// Where the old connection knows its place in the same history, the new one goes on from there beside it; else it
    /// takes over at once and begins as any other.
    fn next_hello(&mut self, hello: Hello, now: Now, out: &mut Vec<Output>) {
        if hello.protocol != PROTOCOL {
            return self.next_failed(1000, now, out);
        }
        let resumes = Capabilities::from_hello(&hello.capabilities).has(Capability::Resume);
        let place = match &self.state {
            State::Open(line) if line.carrier == Carrier::Socket && resumes => match &line.stage {
                Stage::Sequenced { order, .. } => Some(order.cursor().clone()),
                _ => None,
            },
            _ => None,
        };
        match (place.filter(|place| place.epoch == hello.epoch), &mut self.next) {
            (Some(place), Next::Open { line, .. }) => {
                line.set_heartbeat(hello.heartbeat_s);
                line.stage = Stage::Joining;
                let (epoch, last_seq) = (Some(place.epoch), Some(place.seq));
                let resume = ClientFrame::Resume { epoch, last_seq, last_id: place.last_id };
                out.push(Output::Send(Leg::Next, resume.encode()));
            }
            _ => {
                self.take_over(out);
                self.frame(ServerFrame::Hello(hello), now, out);
            }
        }
    }

    /// The connection that counted is gone; the next one, which stands, goes on from where it was.
    pub(super) fn succeed(&mut self, now: Now, out: &mut Vec<Output>) {
        tracing::debug!(boot_ms = now.boot_ms, "the next connection goes on for one that was lost");
        self.take_over(out);
        out.push(Output::Emit(StreamEvent::Phase(Phase::CatchingUp)));
    }

    /// From here on the next connection is the one that counts. What is known of the events' order goes over to it.
    fn take_over(&mut self, out: &mut Vec<Output>) {
        let next = std::mem::replace(&mut self.next, Next::None);
        let Next::Open { line: mut new, .. } = next else { return };
        if let State::Open(old) = &mut self.state {
            match new.stage {
                Stage::Joining => {
                    new.stage = std::mem::replace(&mut old.stage, Stage::Plain);
                    new.goes_on_from(old);
                }
                _ if self.dialect == Dialect::Platform => {}
                // It begins anew: what was asked for the old one is of no more use.
                _ => self.ticket += 1,
            }
        }
        self.state = State::Open(new);
        out.push(Output::TakeOver);
    }
}
