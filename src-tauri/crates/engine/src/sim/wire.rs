//! The console's end of the stream: the real machine, carried out on the simulated network.

use super::net::{self, Repeat, Served};
use super::plan::Side;
use super::world::World;
use super::{console, gateway, log};
use crate::input::Input as Engine;
use client::stream::Now;
use client::stream::machine::{Input, Leg, Machine, Output};
use client::{Cursor, EventsPage, Failure, OpenSet, Pace};
use domain::connection::SignIn;

/// Events of a page.
const PAGE: usize = 7;
/// A long poll is answered after this at the latest.
const LONGEST_POLL_MS: u64 = 8_000;

/// One stream; another one replaces it.
pub(super) struct Wire {
    machine: Machine,
    number: u64,
    main: End,
    next: End,
    /// The page or snapshot that is waited for.
    asking: u64,
    tick_ms: u64,
}

/// The console's end of a socket.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// Its id at the gateway.
    socket: Option<u64>,
    /// Which handshake is waited for.
    dialling: u64,
}

impl Wire {
    fn end(&mut self, leg: Leg) -> &mut End {
        match leg {
            Leg::Main => &mut self.main,
            Leg::Next => &mut self.next,
        }
    }

    fn leg_of(&self, socket: u64) -> Option<Leg> {
        match (self.main.socket == Some(socket), self.next.socket == Some(socket)) {
            (true, _) => Some(Leg::Main),
            (_, true) => Some(Leg::Next),
            _ => None,
        }
    }
}

/// Starts the stream from the cursor on disk.
pub(super) fn open(world: &mut World, side: Side) {
    let dialect = world.dialect;
    let console = world.console(side);
    console.streams += 1;
    let cursor = console.store.cursor.clone().map(|cursor| Cursor {
        epoch: cursor.epoch,
        seq: cursor.seq.cast_unsigned(),
        last_id: cursor.last_id,
    });
    let (mut machine, number) = (Machine::new(cursor, Pace::default()), console.streams);
    machine.speaks(Some(dialect));
    let (main, next) = (End::default(), End::default());
    console.wire = Some(Wire { machine, number, main, next, asking: 0, tick_ms: u64::MAX });
    step(world, side, number, Leg::Main, Input::Start);
}

/// A frame arrives from the gateway.
pub(super) fn frame(world: &mut World, side: Side, id: u64, text: &str) {
    let parted = world.consoles[side.at()].parted_until_ms > world.now_ms;
    let text = text.to_owned();
    let holed = world.gateway.lines.get(&id).is_none_or(|line| line.hole == log::Hole::Yes);
    if !parted && !holed {
        world.on(side, 0, move |world| on_socket(world, side, id, Input::Text(&text)));
    }
}

/// The sockets break, and both ends know.
pub(super) fn broke(world: &mut World, side: Side) {
    for id in log::lines_of(world, side) {
        let line = world.gateway.lines.remove(&id);
        if line.is_some_and(|line| line.hole == log::Hole::No) {
            let input = || Input::Broke("reset".to_owned());
            world.on(side, 1, move |world| on_socket(world, side, id, input()));
        }
    }
}

/// The gateway closes the sockets with a code.
pub(super) fn closed(world: &mut World, side: Side, code: u16) {
    for id in log::lines_of(world, side) {
        world.gateway.lines.remove(&id);
        let input = move || Input::Closed { code: Some(code), reason: String::new() };
        world.on(side, 5, move |world| on_socket(world, side, id, input()));
    }
}

/// The machine has slept, or the network is another one.
pub(super) fn woke(world: &mut World, side: Side) {
    if let Some(number) = world.console(side).wire.as_ref().map(|wire| wire.number) {
        step(world, side, number, Leg::Main, Input::Woke);
    }
}

fn on_socket(world: &mut World, side: Side, id: u64, input: Input<'_>) {
    let Some(wire) = world.console(side).wire.as_ref() else { return };
    let number = wire.number;
    if let Some(leg) = wire.leg_of(id) {
        step(world, side, number, leg, input);
    }
}

fn wire(world: &mut World, side: Side, number: u64) -> Option<&mut Wire> {
    world.console(side).wire.as_mut().filter(|wire| wire.number == number)
}

fn step(world: &mut World, side: Side, number: u64, leg: Leg, input: Input<'_>) {
    let draw = world.dice.next();
    let clock = world.clock_of(side);
    let now = Now { boot_ms: clock.boot_ms, wall: clock.wall, draw };
    let life = world.console(side).life;
    let Some(wire) = wire(world, side, number) else { return };
    for output in wire.machine.step(leg, input, now) {
        // What is told may end the console, or this stream.
        let same = self::wire(world, side, number).is_some();
        if !same || world.console(side).life != life {
            return;
        }
        carry_out(world, side, number, output);
    }
    tick_in_time(world, side, number);
}

fn tick_in_time(world: &mut World, side: Side, number: u64) {
    let now_ms = world.clock_of(side).boot_ms;
    let Some(wire) = wire(world, side, number) else { return };
    let Some(due_ms) = wire.machine.deadline_ms() else { return };
    if wire.tick_ms > now_ms && wire.tick_ms <= due_ms {
        return;
    }
    wire.tick_ms = due_ms.max(now_ms + 1);
    let wait_ms = wire.tick_ms - now_ms;
    world.on(side, wait_ms, move |world| step(world, side, number, Leg::Main, Input::Tick));
}

fn carry_out(world: &mut World, side: Side, number: u64, output: Output) {
    match output {
        Output::Connect(leg) => dial(world, side, number, leg),
        Output::Renew => renew(world, side, number),
        Output::Send(leg, text) => {
            let socket = wire(world, side, number).and_then(|wire| wire.end(leg).socket);
            if let Some(id) = socket.filter(|_| world.reaches(side)) {
                let ms = world.dice.between(5, world.rates.way_ms);
                world.after(ms, move |world| log::hear(world, side, id, &text));
            }
        }
        Output::Close(leg, _) => part(world, side, number, leg),
        Output::TakeOver => {
            part(world, side, number, Leg::Main);
            if let Some(wire) = wire(world, side, number) {
                wire.main.socket = wire.next.socket.take();
            }
        }
        Output::Emit(event) => {
            world.note(|| format!("{side:?} stream: {}", console::brief(&event)));
            console::input(world, side, Engine::Stream { gateway: console::GATEWAY, event });
        }
        Output::FetchEvents { ticket, after } => fetch(world, side, number, ticket, after, 0),
        Output::Poll { ticket, after, wait_ms } => fetch(world, side, number, ticket, after, wait_ms),
        Output::TakeSnapshot { ticket } => snapshot(world, side, number, ticket),
        Output::End(_) => world.console(side).wire = None,
    }
}

/// Closes a socket, or gives up opening it.
fn part(world: &mut World, side: Side, number: u64, leg: Leg) {
    let Some(wire) = wire(world, side, number) else { return };
    wire.end(leg).dialling += 1;
    if let Some(id) = wire.end(leg).socket.take() {
        world.gateway.lines.remove(&id);
    }
}

fn dial(world: &mut World, side: Side, number: u64, leg: Leg) {
    let dialect = world.dialect;
    let Some(wire) = wire(world, side, number) else { return };
    wire.end(leg).dialling += 1;
    let dialling = wire.end(leg).dialling;
    let serve = move |_: &mut World, _: &str| Ok(()).into();
    net::call(world, side, Repeat::Never, serve, move |world, result| {
        if self::wire(world, side, number).is_none_or(|wire| wire.end(leg).dialling != dialling) {
            return;
        }
        let input = match result {
            Ok(()) => {
                let id = log::accept(world, side);
                if let Some(wire) = self::wire(world, side, number) {
                    wire.end(leg).socket = Some(id);
                }
                world.after(1, move |world| log::greet(world, side, id));
                Input::Opened(dialect, None)
            }
            // The handshake's own 401; the session is renewed once before a person is asked.
            Err(Failure::SignIn(SignIn::Expired)) => {
                Input::Failed(Failure::told(super::ledger::bare(401, None, "unauthorized"), None))
            }
            Err(failure) => Input::Failed(failure),
        };
        step(world, side, number, leg, input);
    });
}

fn renew(world: &mut World, side: Side, number: u64) {
    let serve = move |_: &mut World, _: &str| Ok(()).into();
    net::call(world, side, Repeat::Never, serve, move |world, result| {
        step(world, side, number, Leg::Main, Input::Renewed(result));
    });
}

/// The asking that counts: an older one is not waited for any more.
fn ask(world: &mut World, side: Side, number: u64) -> Option<u64> {
    let wire = wire(world, side, number)?;
    wire.asking += 1;
    Some(wire.asking)
}

fn fetch(world: &mut World, side: Side, number: u64, ticket: u64, after: u64, wait_ms: u64) {
    let Some(asking) = ask(world, side, number) else { return };
    let serve = move |world: &mut World, _: &str| {
        let saved = &world.gateway.saved;
        let events: Vec<_> =
            saved.log.iter().filter(|event| event.seq > Some(after)).take(PAGE).cloned().collect();
        // A long poll is cut short here: what comes meanwhile is in the next one.
        let after_ms = if events.is_empty() { wait_ms.min(LONGEST_POLL_MS) } else { 0 };
        let page = EventsPage {
            epoch: saved.epoch.clone(),
            events,
            head_seq: saved.head_seq,
            oldest_seq: Some(saved.oldest_seq),
        };
        Served { result: Ok(page), after_ms }
    };
    net::call(world, side, Repeat::Never, serve, move |world, page| {
        if wire(world, side, number).is_some_and(|wire| wire.asking == asking) {
            let page = page.map(|page| (page, 0));
            step(world, side, number, Leg::Main, Input::Page { ticket, page });
        }
    });
}

fn snapshot(world: &mut World, side: Side, number: u64, ticket: u64) {
    let Some(asking) = ask(world, side, number) else { return };
    let as_of = world.clock_of(side).wall;
    let serve = move |world: &mut World, _: &str| Ok(open_set(&world.gateway, as_of)).into();
    net::call(world, side, Repeat::Never, serve, move |world, set| {
        if wire(world, side, number).is_some_and(|wire| wire.asking == asking) {
            step(world, side, number, Leg::Main, Input::Snapshot { ticket, set });
        }
    });
}

/// What the gateway lists, as the client hands it on.
pub(super) fn open_set(gateway: &gateway::Gateway, as_of: chrono::DateTime<chrono::Utc>) -> OpenSet {
    let cursor = (gateway.dialect == client::Dialect::Holdpoint).then(|| Cursor {
        epoch: gateway.saved.epoch.clone(),
        seq: gateway.saved.head_seq,
        last_id: None,
    });
    OpenSet {
        approvals: gateway.listed(),
        as_of,
        cursor,
        unreadable: 0,
        audit_head: None,
        left_out: Vec::new(),
    }
}
