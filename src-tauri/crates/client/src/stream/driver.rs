//! Carries out what the machine says: sockets, clocks and tasks. Decides nothing.

use crate::Failure;
use crate::OpenSet;
use crate::gateway::Gateway;
use crate::session::Changes;
use crate::stream::inout::{Input, Leg, Output};
use crate::stream::legs::Legs;
use crate::stream::machine::{Machine, PAGE_LIMIT};
use crate::stream::socket::Opened;
use crate::stream::{Cursor, Ended, Now, StreamEvent};
use futures_util::FutureExt;
use protocol::rest::EventsPage;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_util::sync::CancellationToken;

/// The runtime's timers stand still during suspend: the boot-time clock is looked at so often at least.
const LOOK_MS: u64 = 2_000;
/// The boot-time clock went so much further than the runtime's own: it was a suspend.
const SLEPT_MS: u64 = 3_000;
/// Frames that are taken at once while more are ready.
const BATCH: usize = 256;

impl Gateway {
    /// Follows the gateway's events until cancelled, unheard, or a person has to sign in. Reconnects by itself; goes on
    /// from `cursor`.
    pub async fn stream(
        &self,
        cursor: Option<Cursor>,
        out: mpsc::Sender<StreamEvent>,
        cancel: CancellationToken,
    ) -> Ended {
        let driver = Driver {
            gateway: self.clone(),
            machine: Machine::new(cursor, self.inner.settings.pace),
            out,
            legs: Legs::default(),
            tasks: JoinSet::new(),
            dialing: [None, None],
            asking: None,
            session: self.session_changes(),
            looked: (self.inner.settings.clock.boot_ms(), Instant::now()),
        };
        tokio::select! {
            () = cancel.cancelled() => Ended::Cancelled,
            ended = driver.run() => ended,
        }
    }
}

struct Driver {
    gateway: Gateway,
    machine: Machine,
    out: mpsc::Sender<StreamEvent>,
    legs: Legs,
    tasks: JoinSet<Done>,
    /// Of the main and of the next leg.
    dialing: [Option<AbortHandle>; 2],
    /// The page that was asked for last.
    asking: Option<AbortHandle>,
    session: Changes,
    /// Both clocks at the last look.
    looked: (u64, Instant),
}

/// What a task brought.
enum Done {
    Dialled(Leg, Box<Result<Opened, Failure>>),
    Renewed(Result<(), Failure>),
    Page(u64, Result<(EventsPage, usize), Failure>),
    Snapshot(u64, Box<Result<OpenSet, Failure>>),
    Closed,
}

/// Does the driver go on?
type Going = Result<(), Ended>;

impl Driver {
    async fn run(mut self) -> Ended {
        let started = self.step(Leg::Main, Input::Start);
        let mut going = self.carry_out(started).await;
        while going.is_ok() {
            let outputs = self.next().await;
            going = self.carry_out(outputs).await;
        }
        match going {
            Err(ended) => ended,
            Ok(()) => Ended::Cancelled,
        }
    }

    fn now(&self) -> Now {
        let settings = &self.gateway.inner.settings;
        Now {
            boot_ms: settings.clock.boot_ms(),
            wall: settings.clock.now(),
            draw: settings.entropy.below(u64::MAX),
        }
    }

    fn step(&mut self, leg: Leg, input: Input<'_>) -> Vec<Output> {
        let now = self.now();
        self.machine.step(leg, input, now)
    }

    /// Has the machine slept since the last look? Whatever came first afterwards: a message of before the sleep proves
    /// nothing.
    fn slept(&mut self) -> bool {
        let (boot_ms, awake) = (self.gateway.inner.settings.clock.boot_ms(), Instant::now());
        let (boot_before, awake_before) = std::mem::replace(&mut self.looked, (boot_ms, awake));
        let passed_ms = boot_ms.saturating_sub(boot_before);
        let awake_ms = u64::try_from((awake - awake_before).as_millis()).unwrap_or(u64::MAX);
        passed_ms > awake_ms.saturating_add(SLEPT_MS)
    }

    /// Waits for whatever comes first and lets the machine judge it.
    async fn next(&mut self) -> Vec<Output> {
        if self.slept() {
            return self.step(Leg::Main, Input::Woke);
        }
        for leg in self.legs.half() {
            let outputs = self.step(leg, Input::Half);
            if !outputs.is_empty() {
                return outputs;
            }
        }
        let now_ms = self.gateway.inner.settings.clock.boot_ms();
        let due_ms = self.machine.deadline_ms().unwrap_or(u64::MAX);
        if due_ms <= now_ms {
            // A flood of frames must not keep the clock from being heard.
            return self.step(Leg::Main, Input::Tick);
        }
        let sleep_ms = (due_ms - now_ms).min(LOOK_MS);
        tokio::select! {
            biased;
            () = self.gateway.inner.wake.notified() => self.step(Leg::Main, Input::Woke),
            Some(None) = self.session.next() => match self.gateway.inner.session.current() {
                (Err(why), _) => self.step(Leg::Main, Input::SessionEnded(why)),
                // Somebody signed in again meanwhile.
                (Ok(_), _) => Vec::new(),
            },
            Some(done) = self.tasks.join_next() => match done {
                Ok(done) => self.done(done),
                // Given up on purpose, or it panicked: the machine's clock takes care of what does not come.
                Err(_) => Vec::new(),
            },
            (leg, message) = self.legs.receive() => self.messages(leg, message),
            () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => self.step(Leg::Main, Input::Tick),
        }
    }

    /// Takes a message, and those that are ready behind it as long as nothing but telling is to be done.
    fn messages(&mut self, leg: Leg, first: Option<Result<Message, Error>>) -> Vec<Output> {
        let mut outputs = self.message(leg, first);
        for _ in 1..BATCH {
            if outputs.iter().any(|output| !matches!(output, Output::Emit(_))) {
                break;
            }
            let Some((leg, message)) = self.legs.receive().now_or_never() else { break };
            outputs.extend(self.message(leg, message));
        }
        outputs
    }

    fn message(&mut self, leg: Leg, message: Option<Result<Message, Error>>) -> Vec<Output> {
        let input = match &message {
            Some(Ok(Message::Text(text))) => Input::Text(text.as_str()),
            Some(Ok(Message::Binary(bytes))) => {
                return self.step(leg, Input::Text(&String::from_utf8_lossy(bytes)));
            }
            Some(Ok(Message::Close(frame))) => Input::Closed {
                code: frame.as_ref().map(|frame| frame.code.into()),
                reason: frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default(),
            },
            Some(Ok(_)) => Input::Heard,
            Some(Err(error)) => broken(error),
            None => Input::Closed { code: None, reason: String::new() },
        };
        self.step(leg, input)
    }

    fn done(&mut self, done: Done) -> Vec<Output> {
        match done {
            Done::Dialled(leg, dialled) => match *dialled {
                Ok(opened) => {
                    self.legs.put(leg, opened.socket);
                    self.step(leg, Input::Opened(opened.dialect, opened.time))
                }
                Err(failure) => {
                    self.machine.speaks(self.gateway.known_dialect());
                    self.step(leg, Input::Failed(failure))
                }
            },
            Done::Renewed(renewed) => self.step(Leg::Main, Input::Renewed(renewed)),
            Done::Page(ticket, page) => self.step(Leg::Main, Input::Page { ticket, page }),
            Done::Snapshot(ticket, set) => self.step(Leg::Main, Input::Snapshot { ticket, set: *set }),
            Done::Closed => Vec::new(),
        }
    }

    async fn carry_out(&mut self, outputs: Vec<Output>) -> Going {
        let mut telling = None;
        for output in outputs {
            match output {
                Output::Emit(event) => {
                    telling = match telling.take() {
                        None => Some(event),
                        Some(before) => match merged(before, event) {
                            (whole, None) => Some(whole),
                            (before, event) => {
                                self.tell(before).await?;
                                event
                            }
                        },
                    };
                }
                Output::End(ended) => {
                    if let Some(event) = telling.take() {
                        self.tell(event).await?;
                    }
                    return Err(ended);
                }
                output => self.act(output).await,
            }
        }
        match telling {
            Some(event) => self.tell(event).await,
            None => Ok(()),
        }
    }

    /// Does what is no telling.
    async fn act(&mut self, output: Output) {
        let gateway = self.gateway.clone();
        match output {
            Output::Send(leg, text) => self.legs.send(leg, text).await,
            Output::Close(leg, code) => {
                self.give_up_dialing(leg);
                self.part(leg, code);
            }
            Output::Connect(leg) => self.dial(leg),
            Output::TakeOver => {
                self.give_up_dialing(Leg::Main);
                self.part(Leg::Main, 1000);
                self.legs.take_over();
            }
            Output::Renew => {
                self.tasks.spawn(async move {
                    let (_, generation) = gateway.inner.session.current();
                    Done::Renewed(gateway.renew(generation).await)
                });
            }
            Output::FetchEvents { ticket, after } => {
                self.ask(async move { Done::Page(ticket, gateway.events(after, PAGE_LIMIT).await) });
            }
            Output::Poll { ticket, after, wait_ms } => {
                self.ask(async move { Done::Page(ticket, gateway.poll(after, PAGE_LIMIT, wait_ms).await) });
            }
            Output::TakeSnapshot { ticket } => {
                self.ask(async move { Done::Snapshot(ticket, Box::new(gateway.open_approvals().await)) });
            }
            Output::Emit(_) | Output::End(_) => {}
        }
    }

    async fn tell(&mut self, event: StreamEvent) -> Going {
        if let StreamEvent::Capabilities(capabilities) = &event {
            self.gateway.learn(capabilities.clone());
        }
        self.out.send(event).await.map_err(|_| Ended::Unheard)
    }

    /// Asks for a page or a snapshot; one that was asked for before is not waited for any more.
    fn ask(&mut self, call: impl Future<Output = Done> + Send + 'static) {
        if let Some(older) = self.asking.take() {
            older.abort();
        }
        self.asking = Some(self.tasks.spawn(call));
    }

    fn part(&mut self, leg: Leg, code: u16) {
        if let Some(goodbye) = self.legs.part(leg, code) {
            self.tasks.spawn(async move {
                goodbye.await;
                Done::Closed
            });
        }
    }

    fn dial(&mut self, leg: Leg) {
        self.give_up_dialing(leg);
        let gateway = self.gateway.clone();
        let dialling = async move { Done::Dialled(leg, Box::new(gateway.connect().await)) };
        self.dialing[leg as usize] = Some(self.tasks.spawn(dialling));
    }

    fn give_up_dialing(&mut self, leg: Leg) {
        if let Some(older) = self.dialing[leg as usize].take() {
            older.abort();
        }
    }
}

/// What an error of the socket means to the machine.
pub(super) fn broken(error: &Error) -> Input<'static> {
    let unreadable = |code: u16| Input::Unreadable { code, what: error.to_string() };
    match error {
        Error::Capacity(_) => unreadable(1009),
        Error::Utf8(_) => unreadable(1007),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Input::Broke(error.to_string()),
        Error::Protocol(_) | Error::AttackAttempt => unreadable(1002),
        Error::ConnectionClosed | Error::AlreadyClosed => Input::Closed { code: None, reason: String::new() },
        other => Input::Broke(other.to_string()),
    }
}

/// Two tellings as one where they are of a kind, so that a burst is committed in few transactions.
fn merged(before: StreamEvent, event: StreamEvent) -> (StreamEvent, Option<StreamEvent>) {
    match (before, event) {
        (StreamEvent::Events { events: mut all, .. }, StreamEvent::Events { events, cursor }) => {
            all.extend(events);
            (StreamEvent::Events { events: all, cursor }, None)
        }
        (StreamEvent::Documents(mut all), StreamEvent::Documents(more)) => {
            all.extend(more);
            (StreamEvent::Documents(all), None)
        }
        (before, event) => (before, Some(event)),
    }
}
