//! The sockets of a stream: the one that counts, and the one that is to take over from it. Receives from both, says
//! goodbye, counts what is half here.

use crate::stream::inout::Leg;
use crate::stream::socket::Socket;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

/// For one frame to go out.
const SEND_MS: u64 = 10_000;
/// For a goodbye.
const CLOSE_MS: u64 = 2_000;

/// See the module.
#[derive(Default)]
pub(super) struct Legs {
    main: Option<Socket>,
    next: Option<Socket>,
}

/// What came over a socket; `None`: it has ended.
type Received = Option<Result<Message, Error>>;

impl Legs {
    pub(super) fn put(&mut self, leg: Leg, socket: Socket) {
        *self.of(leg) = Some(socket);
    }

    /// The next one is the one that counts from here on.
    pub(super) fn take_over(&mut self) {
        self.main = self.next.take();
    }

    /// The next message of either; never, while there is none. Losing the wait loses no message.
    pub(super) async fn receive(&mut self) -> (Leg, Received) {
        tokio::select! {
            biased;
            message = receive(&mut self.main) => (Leg::Main, message),
            message = receive(&mut self.next) => (Leg::Next, message),
        }
    }

    /// Those on which a message has begun and is not whole.
    pub(super) fn half(&self) -> Vec<Leg> {
        let half = |leg, socket: &Option<Socket>| {
            socket.as_ref().filter(|socket| socket.meter.is_half()).map(|_| leg)
        };
        [half(Leg::Main, &self.main), half(Leg::Next, &self.next)].into_iter().flatten().collect()
    }

    /// A frame that cannot go out breaks the connection; reading from it tells.
    pub(super) async fn send(&mut self, leg: Leg, text: String) {
        let Some(socket) = self.of(leg) else { return };
        let send = socket.frames.send(Message::text(text));
        if !matches!(tokio::time::timeout(Duration::from_millis(SEND_MS), send).await, Ok(Ok(()))) {
            tracing::debug!("a frame could not be sent");
        }
    }

    /// Sends a message back as it came.
    #[cfg(test)]
    pub(super) async fn echo(&mut self, message: Message) {
        if let Some(socket) = self.of(Leg::Main) {
            // Reading tells when the connection is gone.
            let _ = socket.frames.send(message).await;
        }
    }

    /// Takes a socket away. What is given says goodbye on it; without a word where the code may not be sent.
    pub(super) fn part(&mut self, leg: Leg, code: u16) -> Option<impl Future<Output = ()> + Send + use<>> {
        let mut socket = self.of(leg).take()?;
        let code = CloseCode::from(code);
        code.is_allowed().then_some(async move {
            let goodbye = async {
                let close = CloseFrame { code, reason: "".into() };
                if socket.frames.close(Some(close)).await.is_err() {
                    // The other side said goodbye first: what is left to do is to answer it (RFC 6455, 5.5.1).
                    let _ = socket.frames.flush().await;
                }
            };
            // It is gone one way or the other.
            let _ = tokio::time::timeout(Duration::from_millis(CLOSE_MS), goodbye).await;
        })
    }

    fn of(&mut self, leg: Leg) -> &mut Option<Socket> {
        match leg {
            Leg::Main => &mut self.main,
            Leg::Next => &mut self.next,
        }
    }
}

async fn receive(socket: &mut Option<Socket>) -> Received {
    let Some(socket) = socket else { return std::future::pending().await };
    let message = socket.frames.next().await;
    match &message {
        Some(Ok(Message::Ping(payload) | Message::Pong(payload))) => socket.meter.control(payload.len()),
        _ => socket.meter.message(),
    }
    message
}
