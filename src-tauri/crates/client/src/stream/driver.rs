//! Carries out what the machine says: sockets, clocks and tasks. Decides nothing.

use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::stream::machine::{Input, Machine, Output, PAGE_LIMIT};
use crate::stream::socket::Socket;
use crate::stream::{Cursor, Ended, Now, StreamEvent};
use crate::{Failure, OpenSet};
use futures_util::{FutureExt, SinkExt, StreamExt};
use protocol::rest::EventsPage;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_util::sync::CancellationToken;

/// The runtime's timers stand still during suspend: the boot-time clock is looked at so often at least.
const LOOK_MS: u64 = 2_000;
/// A sleep that took so much longer by the boot-time clock was a suspend.
const SLEPT_MS: u64 = 3_000;
/// Frames that are taken at once while more are ready.
const BATCH: usize = 256;
/// For one frame to go out.
const SEND_MS: u64 = 10_000;
/// For a goodbye.
const CLOSE_MS: u64 = 2_000;

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
            machine: Machine::new(cursor),
            out,
            socket: None,
            tasks: JoinSet::new(),
            dialing: None,
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
    socket: Option<Socket>,
    tasks: JoinSet<Done>,
    dialing: Option<AbortHandle>,
}

/// What a task brought.
enum Done {
    Dialled(Box<Result<(Socket, Dialect), Failure>>),
    Renewed(Result<(), Failure>),
    Page(u64, Result<(EventsPage, usize), Failure>),
    Snapshot(u64, Box<Result<OpenSet, Failure>>),
    Closed,
}

/// Does the driver go on?
type Going = Result<(), Ended>;

impl Driver {
    async fn run(mut self) -> Ended {
        let started = self.step(Input::Start);
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

    fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let now = self.now();
        self.machine.step(input, now)
    }

    /// Waits for whatever comes first and lets the machine judge it.
    async fn next(&mut self) -> Vec<Output> {
        let before_ms = self.gateway.inner.settings.clock.boot_ms();
        let due_ms = self.machine.deadline_ms().unwrap_or(u64::MAX);
        if due_ms <= before_ms {
            // A flood of frames must not keep the clock from being heard.
            return self.step(Input::Tick);
        }
        let sleep_ms = (due_ms - before_ms).min(LOOK_MS);
        tokio::select! {
            biased;
            () = self.gateway.inner.wake.notified() => self.step(Input::Woke),
            Some(done) = self.tasks.join_next() => match done {
                Ok(done) => self.done(done),
                // Given up on purpose, or it panicked: the machine's clock takes care of what does not come.
                Err(_) => Vec::new(),
            },
            message = receive(&mut self.socket) => self.messages(message),
            () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => {
                let slept_ms = self.gateway.inner.settings.clock.boot_ms().saturating_sub(before_ms);
                let input = if slept_ms > sleep_ms + SLEPT_MS { Input::Woke } else { Input::Tick };
                self.step(input)
            }
        }
    }

    /// Takes a message, and those that are ready behind it as long as nothing but telling is to be done.
    fn messages(&mut self, first: Option<Result<Message, Error>>) -> Vec<Output> {
        let mut outputs = self.message(first);
        for _ in 1..BATCH {
            if outputs.iter().any(|output| !matches!(output, Output::Emit(_))) {
                break;
            }
            let Some(message) = receive(&mut self.socket).now_or_never() else { break };
            outputs.extend(self.message(message));
        }
        outputs
    }

    fn message(&mut self, message: Option<Result<Message, Error>>) -> Vec<Output> {
        let input = match &message {
            Some(Ok(Message::Text(text))) => Input::Text(text.as_str()),
            Some(Ok(Message::Binary(bytes))) => {
                return self.step(Input::Text(&String::from_utf8_lossy(bytes)));
            }
            Some(Ok(Message::Close(frame))) => Input::Closed {
                code: frame.as_ref().map(|frame| frame.code.into()),
                reason: frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default(),
            },
            Some(Ok(_)) => Input::Heard,
            Some(Err(error)) => broken(error),
            None => Input::Closed { code: None, reason: String::new() },
        };
        self.step(input)
    }

    fn done(&mut self, done: Done) -> Vec<Output> {
        match done {
            Done::Dialled(dialled) => match *dialled {
                Ok((socket, dialect)) => {
                    self.socket = Some(socket);
                    self.step(Input::Opened(dialect))
                }
                Err(failure) => self.step(Input::Failed(failure)),
            },
            Done::Renewed(renewed) => self.step(Input::Renewed(renewed)),
            Done::Page(ticket, page) => self.step(Input::Page { ticket, page }),
            Done::Snapshot(ticket, set) => self.step(Input::Snapshot { ticket, set: *set }),
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
                Output::Send(text) => self.send(text).await,
                Output::Close(code) => self.hang_up(code),
                Output::Connect => self.dial(),
                Output::Renew => self.renew(),
                Output::FetchEvents { ticket, after } => {
                    let gateway = self.gateway.clone();
                    self.tasks
                        .spawn(async move { Done::Page(ticket, gateway.events(after, PAGE_LIMIT).await) });
                }
                Output::TakeSnapshot { ticket } => {
                    let gateway = self.gateway.clone();
                    self.tasks.spawn(async move {
                        Done::Snapshot(ticket, Box::new(gateway.open_approvals().await))
                    });
                }
                Output::End(ended) => {
                    if let Some(event) = telling.take() {
                        self.tell(event).await?;
                    }
                    return Err(ended);
                }
            }
        }
        match telling {
            Some(event) => self.tell(event).await,
            None => Ok(()),
        }
    }

    async fn tell(&mut self, event: StreamEvent) -> Going {
        if let StreamEvent::Capabilities(capabilities) = &event {
            self.gateway.learn(capabilities.clone());
        }
        self.out.send(event).await.map_err(|_| Ended::Unheard)
    }

    /// A frame that cannot go out breaks the connection; reading from it tells the machine.
    async fn send(&mut self, text: String) {
        let Some(socket) = &mut self.socket else { return };
        let sent = tokio::time::timeout(Duration::from_millis(SEND_MS), socket.send(Message::text(text)));
        if !matches!(sent.await, Ok(Ok(()))) {
            tracing::debug!("a frame could not be sent");
        }
    }

    fn hang_up(&mut self, code: u16) {
        let Some(mut socket) = self.socket.take() else { return };
        let code = CloseCode::from(code);
        if code.is_allowed() {
            self.tasks.spawn(async move {
                let goodbye = socket.close(Some(CloseFrame { code, reason: "".into() }));
                // It is gone one way or the other.
                let _ = tokio::time::timeout(Duration::from_millis(CLOSE_MS), goodbye).await;
                Done::Closed
            });
        }
    }

    fn dial(&mut self) {
        if let Some(older) = self.dialing.take() {
            older.abort();
        }
        let gateway = self.gateway.clone();
        self.dialing =
            Some(self.tasks.spawn(async move { Done::Dialled(Box::new(gateway.connect().await)) }));
    }

    fn renew(&mut self) {
        let gateway = self.gateway.clone();
        self.tasks.spawn(async move {
            let (_, generation) = gateway.inner.session.current();
            Done::Renewed(gateway.renew(generation).await)
        });
    }
}

/// The next message; never, while there is no connection.
async fn receive(socket: &mut Option<Socket>) -> Option<Result<Message, Error>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

fn broken(error: &Error) -> Input<'static> {
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
