//! `/ws/` of the platform (CONTRACT 3, Socket): accepts first and refuses after, keeps alive by text pings only, sends
//! everything to everybody.

use super::refuse;
use super::session;
use super::world::World;
use crate::serve::Peer;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The two ends of a text frame's beginning: 256 bytes are announced, two come.
const HALF_A_FRAME: [u8; 6] = [0x81, 0x7e, 0x01, 0x00, b'{', b'"'];

/// What a socket is told to do.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Text(String),
    Close(Close),
}

/// Ways in which a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// 1000 "Connection inactive": no failure.
    Inactive,
    /// 1008 "Invalid token".
    InvalidToken,
    /// A TCP reset.
    Reset,
    /// A TCP reset in the middle of a frame (F1).
    ResetInMidFrame,
}

/// `GET /ws`.
pub(super) async fn without_slash() -> Response {
    refuse::plain(StatusCode::FORBIDDEN, "Forbidden").into_response()
}

/// `GET /ws/`.
pub(super) async fn open(
    State(world): State<Arc<World>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let user = world.with(|state| session::of(state, &headers));
    upgrade.on_upgrade(move |socket| async move {
        match user {
            Ok(_) => run(world, peer, socket).await,
            Err(why) => close(socket, 1008, why.sentence()).await,
        }
    })
}

async fn run(world: Arc<World>, peer: Peer, mut socket: WebSocket) {
    let (sender, mut told) = mpsc::unbounded_channel();
    let key = world.with(|state| {
        let key = state.number();
        state.sockets.insert(key, sender);
        key
    });
    let mut heard_at = Instant::now();
    loop {
        let idle_after = world.with(|state| state.idle_after);
        let end = tokio::select! {
            say = told.recv() => match say {
                Some(Say::Text(text)) => match socket.send(Message::Text(text.into())).await {
                    Ok(()) => continue,
                    Err(_) => None,
                },
                Some(Say::Close(how)) => Some(how),
                None => None,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    heard_at = Instant::now();
                    if is_ping(&text) && socket.send(pong()).await.is_err() { None } else { continue }
                }
                // Protocol pings are answered below this layer and do not count.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            },
            () = tokio::time::sleep_until(heard_at + idle_after) => Some(Close::Inactive),
        };
        world.with(|state| state.sockets.remove(&key));
        match end {
            Some(how) => return part(&peer, socket, how).await,
            None => return,
        }
    }
}

async fn part(peer: &Peer, socket: WebSocket, how: Close) {
    match how {
        Close::Inactive => close(socket, 1000, "Connection inactive").await,
        Close::InvalidToken => close(socket, 1008, "Invalid token").await,
        Close::Reset => peer.reset(),
        Close::ResetInMidFrame => {
            peer.write_raw(&HALF_A_FRAME);
            peer.reset();
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    let frame = CloseFrame { code, reason: reason.to_owned().into() };
    // The other side may have gone first.
    let _ = socket.send(Message::Close(Some(frame))).await;
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Close(_)) {
            break;
        }
    }
}

fn is_ping(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value["type"] == "ping")
}

fn pong() -> Message {
    Message::Text(json!({"type": "pong"}).to_string().into())
}
