//! Where no WebSocket gets through: one long poll after the other on a gateway of ours, the lists read from time to time
//! on the platform (F3). Said honestly as polling; a WebSocket is tried again beside it.

use crate::settings::Dialect;
use crate::stream::inout::Output;
use crate::stream::line::{Carrier, Drained, Stage};
use crate::stream::machine::Machine;
use crate::stream::next::Next;
use crate::stream::order::Order;
use crate::stream::state::{Pause, State};
use crate::stream::{Now, Phase, StreamEvent};
use domain::connection::Via;

/// A poll that brings nothing and did not wait either, as behind a cache, is not repeated sooner.
const EMPTY_MS: u64 = 1_000;

impl Machine {
    /// Polls from here on, until a WebSocket gets through.
    pub(super) fn fall_back(&mut self, now: Now, out: &mut Vec<Output>) {
        tracing::info!("no WebSocket gets through: events are polled");
        self.drop_next(1000, out);
        self.ticket += 1;
        self.be_willing();
        let line = self.fresh_line(Carrier::Polling, now);
        self.state = State::Open(Box::new(line));
        self.next = Next::due(now.boot_ms + self.pace.probe_ms, Pause::Own);
        out.push(Output::Emit(StreamEvent::Phase(Phase::CatchingUp)));
        match self.dialect {
            Dialect::Platform => self.look(now, out),
            Dialect::Holdpoint => self.begin_polling(now, out),
        }
    }

    fn begin_polling(&mut self, now: Now, out: &mut Vec<Output>) {
        let cursor = self.cursor.clone().filter(|_| !self.unreadable.is_stuck());
        match (cursor, &mut self.state) {
            (Some(cursor), State::Open(line)) => {
                let mut order = Order::from(cursor);
                let after = order.ask_again();
                line.asked(now.boot_ms);
                line.stage = Stage::Sequenced { order, drained: Drained::UpTo(None) };
                out.push(Output::FetchEvents { ticket: self.ticket, after });
            }
            _ => self.reset("new".to_owned(), out),
        }
    }

    /// The platform has nothing to wait for: its lists are read again.
    pub(super) fn look(&mut self, now: Now, out: &mut Vec<Output>) {
        if let State::Open(line) = &mut self.state {
            line.pinged(now.boot_ms);
            line.live(now.boot_ms);
            out.push(Output::Emit(StreamEvent::Drained { cursor: None, via: Via::Polling }));
        }
    }

    /// A page is here and nothing is missing: the next one is waited for.
    pub(super) fn poll_on(&mut self, brought: usize, now: Now) {
        if let State::Open(line) = &mut self.state
            && line.carrier == Carrier::Polling
        {
            line.poll_after(now.boot_ms, if brought == 0 { EMPTY_MS } else { 0 });
        }
    }

    /// The next poll is due.
    pub(super) fn poll(&mut self, now: Now, out: &mut Vec<Output>) {
        let State::Open(line) = &mut self.state else { return };
        line.asked(now.boot_ms);
        if let Stage::Sequenced { order, .. } = &mut line.stage {
            let after = order.ask_again();
            out.push(Output::Poll { ticket: self.ticket, after, wait_ms: self.pace.poll_ms });
        }
    }

    /// The machine woke up: the poll at hand may hang for long.
    pub(super) fn poll_anew(&mut self, now: Now, out: &mut Vec<Output>) {
        self.ticket += 1;
        let State::Open(line) = &mut self.state else { return };
        match &mut line.stage {
            Stage::Sequenced { order, drained } => {
                let after = order.ask_again();
                *drained = Drained::UpTo(None);
                line.asked(now.boot_ms);
                out.push(Output::FetchEvents { ticket: self.ticket, after });
            }
            Stage::Resetting => out.push(Output::TakeSnapshot { ticket: self.ticket }),
            Stage::Plain => self.look(now, out),
            Stage::Greeting | Stage::Joining => {}
        }
    }
}
