//! What the frames of an open connection mean for the machine: hello, resume, events, reset, drained (CONTRACT 2), and
//! the platform's documents (CONTRACT 3).

use crate::api::approvals::OpenSet;
use crate::capability::{Capabilities, Capability};
use crate::stream::inout::{Leg, Output};
use crate::stream::line::{Carrier, Drained, Stage};
use crate::stream::machine::Machine;
use crate::stream::next::Next;
use crate::stream::order::{Order, Progress};
use crate::stream::state::{Pause, State, Trouble, Unreadable};
use crate::stream::{Cursor, Now, Phase, StreamEvent};
use domain::connection::{RefusedBy, Via};
use protocol::frame::{self, ClientFrame, Event, Hello, ServerFrame};
use protocol::rest::{EventsPage, PROTOCOL};

impl Machine {
    pub(super) fn text(&mut self, text: &str, now: Now, out: &mut Vec<Output>) {
        if let State::Open(line) = &mut self.state {
            line.frame(now.boot_ms);
        }
        match frame::decode(text) {
            Ok(frame) => self.frame(frame, now, out),
            Err(_) => self.count_malformed(text, out),
        }
    }

    pub(super) fn frame(&mut self, frame: ServerFrame, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        match frame {
            ServerFrame::Hello(hello) if matches!(line.stage, Stage::Greeting) => self.hello(hello, now, out),
            ServerFrame::Reset(reset) if !matches!(line.stage, Stage::Plain | Stage::Greeting) => {
                self.reset(reset.reason, out);
            }
            ServerFrame::Drained { seq } => {
                if let Stage::Sequenced { drained, .. } = &mut line.stage {
                    *drained = Drained::UpTo(Some(seq));
                }
                self.settle(now, out);
            }
            ServerFrame::Event(event) => self.event(event, now, out),
            ServerFrame::Document(document) => emit(out, StreamEvent::Documents(vec![*document])),
            ServerFrame::Pong => self.pong(now, out),
            ServerFrame::GoingAway { retry_after_ms } => {
                let back_at_ms = now.boot_ms + retry_after_ms;
                line.back_at_ms = Some(back_at_ms);
                // This one stands for as long as it will; another is made beside it (F12).
                self.drop_next(1000, out);
                self.next = Next::due(back_at_ms, Pause::Asked);
                emit(out, StreamEvent::Phase(Phase::GoingAway { retry_after_ms }));
            }
            ServerFrame::Access(access) => emit(out, StreamEvent::Access(access)),
            ServerFrame::Presence(presence) => emit(out, StreamEvent::Presence(presence)),
            ServerFrame::Unknown(value) => emit(out, StreamEvent::Unknown(value)),
            // Out of place: it says nothing here.
            ServerFrame::Hello(_) | ServerFrame::Reset(_) => {}
        }
    }

    fn hello(&mut self, hello: Hello, now: Now, out: &mut Vec<Output>) {
        if hello.protocol != PROTOCOL {
            return self.refused(RefusedBy::Protocol, now, out);
        }
        let capabilities = Capabilities::from_hello(&hello.capabilities);
        let resumes = capabilities.has(Capability::Resume);
        emit(out, StreamEvent::Capabilities(capabilities));
        if let Some(time) = hello.server_time {
            emit(out, StreamEvent::server_time(time, now));
        }
        let State::Open(line) = &mut self.state else { return };
        line.set_heartbeat(hello.heartbeat_s);
        if !resumes {
            return self.reset("new".to_owned(), out);
        }
        let cursor = self.cursor.clone().filter(|_| !self.unreadable.is_stuck());
        let (epoch, last_seq, last_id) = match &cursor {
            Some(cursor) => (Some(cursor.epoch.clone()), Some(cursor.seq), cursor.last_id.clone()),
            None => (None, None, None),
        };
        let order = Order::from(cursor.unwrap_or(Cursor { epoch: hello.epoch, seq: 0, last_id: None }));
        line.stage = Stage::Sequenced { order, drained: Drained::No };
        out.push(Output::Send(Leg::Main, ClientFrame::Resume { epoch, last_seq, last_id }.encode()));
    }

    pub(super) fn reset(&mut self, reason: String, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        line.stage = Stage::Resetting;
        self.ticket += 1;
        let reason = if self.unreadable.is_stuck() { "unreadable".to_owned() } else { reason };
        emit(out, StreamEvent::Reset { reason });
        out.push(Output::TakeSnapshot { ticket: self.ticket });
    }

    pub(super) fn snapshot(&mut self, set: OpenSet, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        let (Stage::Resetting, Some(cursor)) = (&line.stage, set.cursor.clone()) else { return };
        self.unreadable = Unreadable::default();
        self.cursor = Some(cursor.clone());
        let (order, after) = Order::after_snapshot(cursor);
        line.stage = Stage::Sequenced { order, drained: Drained::UpTo(None) };
        emit(out, StreamEvent::Snapshot(Box::new(set)));
        out.push(Output::FetchEvents { ticket: self.ticket, after });
    }

    pub(super) fn page(&mut self, page: EventsPage, bad: usize, now: Now, out: &mut Vec<Output>) {
        if bad > 0 {
            self.count_malformed(&format!("{bad} events of a page could not be read"), out);
        }
        let State::Open(line) = &mut self.state else { return };
        let Stage::Sequenced { order, .. } = &mut line.stage else { return };
        if let Some(reason) = no_way_on(&page, order.cursor()) {
            return self.reset(reason.to_owned(), out);
        }
        let progress = order.page(page);
        let brought = progress.deliver.len();
        self.progress(progress, out);
        self.settle(now, out);
        if self.is_whole() {
            self.poll_on(brought, now);
        }
    }

    fn event(&mut self, event: Event, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        match &mut line.stage {
            Stage::Greeting | Stage::Plain => {
                emit(out, StreamEvent::Events { events: vec![event], cursor: None });
            }
            // The page after the snapshot brings it; the one before me does.
            Stage::Resetting | Stage::Joining => {}
            Stage::Sequenced { order, .. } => {
                let progress = order.event(event);
                self.progress(progress, out);
                self.settle(now, out);
            }
        }
    }

    /// Tells what a step of the order brought.
    fn progress(&mut self, progress: Progress, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        let live = line.is_live();
        let Stage::Sequenced { order, drained } = &mut line.stage else { return };
        if !progress.deliver.is_empty() {
            self.cursor = Some(order.cursor().clone());
            emit(out, StreamEvent::Events { events: progress.deliver, cursor: self.cursor.clone() });
        }
        if let Some(after) = progress.fetch_after {
            // A badge that says "live" over a gap would lie (F14).
            if live && *drained == Drained::No {
                *drained = Drained::UpTo(None);
                emit(out, StreamEvent::Phase(Phase::CatchingUp));
            }
            out.push(Output::FetchEvents { ticket: self.ticket, after });
        }
    }

    /// Says "drained" once the gateway has said so and nothing is missing.
    fn settle(&mut self, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        let live = line.is_live();
        let via = via(line.carrier);
        let Stage::Sequenced { order, drained } = &mut line.stage else { return };
        let (Drained::UpTo(seq), true) = (*drained, order.is_whole()) else { return };
        if let Some(seq) = seq {
            order.drained(seq);
        }
        *drained = Drained::No;
        self.cursor = Some(order.cursor().clone());
        self.unreadable = Unreadable::default();
        if !live {
            line.live(now.boot_ms);
        }
        if via == Via::Socket {
            self.trouble = Trouble::default();
        }
        emit(out, StreamEvent::Drained { cursor: self.cursor.clone(), via });
    }

    fn is_whole(&self) -> bool {
        let State::Open(line) = &self.state else { return false };
        matches!(&line.stage, Stage::Sequenced { order, .. } if order.is_whole())
    }

    fn pong(&mut self, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        if matches!(line.stage, Stage::Plain) && !line.is_live() {
            line.live(now.boot_ms);
            self.trouble = Trouble::default();
            emit(out, StreamEvent::Drained { cursor: None, via: Via::Socket });
        }
    }
}

/// Why a page does not lead on from a cursor, if it does not (CONTRACT 2).
fn no_way_on(page: &EventsPage, cursor: &Cursor) -> Option<&'static str> {
    if page.epoch != cursor.epoch {
        Some("epoch")
    } else if page.oldest_seq.is_some_and(|oldest| cursor.seq + 1 < oldest) {
        Some("too-old")
    } else if page.head_seq < cursor.seq {
        Some("mismatch")
    } else {
        None
    }
}

fn via(carrier: Carrier) -> Via {
    match carrier {
        Carrier::Socket => Via::Socket,
        Carrier::Polling => Via::Polling,
    }
}

fn emit(out: &mut Vec<Output>, event: StreamEvent) {
    out.push(Output::Emit(event));
}
