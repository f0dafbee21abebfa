//! A server of WebSockets by hand: frames go out as the very bytes a case wants, and what the client sends is taken apart.

use client::system::SystemEntropy;
use client::{Cursor, Dialect, Gateway, Pace, SessionSecret, Settings, StreamEvent};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use support::now::System;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(super) const SOON: Duration = Duration::from_secs(20);

pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// A frame as the client sent it, unmasked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) first: u8,
    pub(super) masked: bool,
    pub(super) key: [u8; 4],
    pub(super) payload: Vec<u8>,
}

/// The server's end of an upgraded connection, and what the stream tells.
pub(super) struct Peer {
    stream: TcpStream,
    listener: TcpListener,
    pub(super) head: String,
    pub(super) events: mpsc::Receiver<StreamEvent>,
    _end: DropGuard,
}

impl Peer {
    /// A stream of the platform's dialect, which sends nothing but its text ping by itself.
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let mut settings = Settings::new(origin, Arc::new(System), Arc::new(SystemEntropy));
        settings.pinned = Some(Dialect::Platform);
        settings.pace = Pace { fall_back_ms: 600_000, ..Pace::default() };
        let gateway = Gateway::new(settings).unwrap();
        let session = json!({"dialect": "platform", "access": "a", "refresh": "r"}).to_string();
        assert!(gateway.restore(&SessionSecret::new(session)));
        let (out, events) = mpsc::channel(256);
        let end = CancellationToken::new();
        let ending = end.clone();
        tokio::spawn(async move { gateway.stream(None::<Cursor>, out, ending).await });
        let (stream, head) = upgraded(&listener, |key| derive_accept_key(key.as_bytes())).await;
        let mut peer = Self { stream, listener, head, events, _end: end.drop_guard() };
        let ping = peer.frame().await;
        assert_eq!((ping.first, &ping.payload[..]), (FIN | TEXT, &br#"{"type":"ping"}"#[..]));
        peer
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame of the client.
    pub(super) async fn frame(&mut self) -> Frame {
        tokio::time::timeout(SOON, read(&mut self.stream)).await.expect("a frame in time").expect("a frame")
    }

    /// The code the client closes with.
    pub(super) async fn closes(&mut self) -> u16 {
        let frame = self.frame().await;
        assert_eq!(frame.first, FIN | CLOSE, "{frame:?}");
        u16::from_be_bytes([frame.payload[0], frame.payload[1]])
    }

    /// The `n` of the next document told.
    pub(super) async fn told(&mut self) -> u64 {
        loop {
            let event = tokio::time::timeout(SOON, self.events.recv()).await.expect("told in time").unwrap();
            if let StreamEvent::Documents(documents) = event {
                assert_eq!(documents.len(), 1);
                return documents[0].value["n"].as_u64().unwrap();
            }
        }
    }

    /// The connection still stands: a document comes through.
    pub(super) async fn stands(&mut self, n: u64) {
        self.send(&frame(FIN | TEXT, &document(n))).await;
        assert_eq!(self.told().await, n);
    }

    /// It comes back by itself, and what comes then is told.
    pub(super) async fn comes_back(&mut self) {
        let (stream, _) = upgraded(&self.listener, |key| derive_accept_key(key.as_bytes())).await;
        self.stream = stream;
        assert_eq!(self.frame().await.first, FIN | TEXT);
        self.stands(99).await;
    }
}

/// Takes connections until one asks for an upgrade, which it gets. `/health` is answered on the way.
pub(super) async fn upgraded(listener: &TcpListener, accept: impl Fn(&str) -> String) -> (TcpStream, String) {
    loop {
        let (mut stream, _) =
            tokio::time::timeout(SOON, listener.accept()).await.expect("a connection").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let answer = match head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")) {
            Some(key) => format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                accept(key)
            ),
            None => {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\n{\"status\":\"healthy\"}"
                    .to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        if answer.starts_with("HTTP/1.1 101") {
            return (stream, head);
        }
    }
}

pub(super) async fn read(stream: &mut TcpStream) -> std::io::Result<Frame> {
    let (first, second) = (stream.read_u8().await?, stream.read_u8().await?);
    let length = match second & 0x7f {
        126 => usize::from(stream.read_u16().await?),
        127 => stream.read_u64().await? as usize,
        short => usize::from(short),
    };
    let masked = second & 0x80 != 0;
    let mut key = [0; 4];
    if masked {
        stream.read_exact(&mut key).await?;
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Ok(Frame { first, masked, key, payload })
}

/// An unmasked frame with the shortest form of its length.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(short as u8),
        middle @ 126..=65_535 => {
            bytes.push(126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

pub(super) fn document(n: u64) -> Vec<u8> {
    padded(n, 0)
}

/// A document of the platform, longer by so much.
pub(super) fn padded(n: u64, padding: usize) -> Vec<u8> {
    let padding = "x".repeat(padding);
    json!({"_id": format!("d{n}"), "message_type": "log", "n": n, "padding": padding})
        .to_string()
        .into_bytes()
}

pub(super) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}
