//! A TCP proxy in front of a gateway that a test can listen at and lie through.
//!
//! Owns the bytes in between. Replaces texts by others of the same length, so that no frame or length is wrong, and puts
//! foreign bytes into open WebSockets.

use crate::serve::lock;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A running proxy. Dropping it refuses new connections.
#[derive(Debug)]
pub struct Proxy {
    origin: String,
    world: Arc<World>,
    accepting: JoinHandle<()>,
}

/// One text and what stands in its place.
type Lie = (Vec<u8>, Vec<u8>);

#[derive(Debug)]
struct World {
    upstream: String,
    lies: Mutex<Vec<Lie>>,
    sent: Mutex<Vec<u8>>,
    told: Mutex<Vec<u8>>,
    sockets: Mutex<Vec<mpsc::UnboundedSender<Vec<u8>>>>,
    upgrades: Mutex<usize>,
}

impl Proxy {
    /// Stands in front of `origin` on a port of its own.
    pub async fn start(origin: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let world = Arc::new(World {
            upstream: origin.trim_start_matches("http://").to_owned(),
            lies: Mutex::default(),
            sent: Mutex::default(),
            told: Mutex::default(),
            sockets: Mutex::default(),
            upgrades: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, world.clone()));
        Self { origin: format!("http://{address}"), world, accepting }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    /// From now on the gateway's `truth` arrives as `lie`.
    ///
    /// # Panics
    /// When the two are not of one length.
    pub fn replace(&self, truth: &str, lie: &str) {
        assert_eq!(truth.len(), lie.len(), "a lie must be as long as the truth");
        lock(&self.world.lies).push((truth.as_bytes().to_vec(), lie.as_bytes().to_vec()));
    }

    /// Everything that came from the console.
    pub fn sent(&self) -> String {
        String::from_utf8_lossy(&lock(&self.world.sent)).into_owned()
    }

    /// Everything that came from the gateway.
    pub fn told(&self) -> String {
        String::from_utf8_lossy(&lock(&self.world.told)).into_owned()
    }

    /// The tokens that the gateway gave out through here.
    pub fn tokens(&self) -> Vec<String> {
        let told = self.told();
        let mut found = BTreeSet::new();
        for name in ["\"access_token\":\"", "\"refresh_token\":\"", "access_token=", "refresh_token="] {
            for part in told.split(name).skip(1) {
                let token: String =
                    part.chars().take_while(|c| !matches!(c, '"' | ';' | '\r' | '\n')).collect();
                if token.len() > 16 {
                    found.insert(token);
                }
            }
        }
        found.into_iter().collect()
    }

    /// How many WebSockets were opened through here.
    pub fn upgrades(&self) -> usize {
        *lock(&self.world.upgrades)
    }

    /// Puts a text frame into every open WebSocket, as if it came from the gateway. Meant for a moment of silence.
    ///
    /// # Panics
    /// When the text is longer than a short frame holds.
    pub fn inject(&self, text: &[u8]) {
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(short @ 0..=125) => frame.push(short),
            _ => {
                frame.push(126);
                frame.extend(u16::try_from(text.len()).expect("a frame of under 64 KiB").to_be_bytes());
            }
        }
        frame.extend(text);
        lock(&self.world.sockets).retain(|socket| socket.send(frame.clone()).is_ok());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    while let Ok((console, _)) = listener.accept().await {
        let Ok(gateway) = TcpStream::connect(&world.upstream).await else { continue };
        let (from_console, to_console) = console.into_split();
        let (from_gateway, to_gateway) = gateway.into_split();
        tokio::spawn(up(from_console, to_gateway, world.clone()));
        tokio::spawn(down(from_gateway, to_console, world.clone()));
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, world: Arc<World>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        lock(&world.sent).extend(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, world: Arc<World>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut kept = Vec::new();
    let (inject, mut injected) = mpsc::unbounded_channel::<Vec<u8>>();
    loop {
        let chunk = tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(read @ 1..) => &buffer[..read],
                _ => return,
            },
            frame = injected.recv() => {
                let Some(frame) = frame else { return };
                if to.write_all(&frame).await.is_err() {
                    return;
                }
                continue;
            }
        };
        lock(&world.told).extend(chunk);
        if chunk.starts_with(b"HTTP/1.1 101") {
            *lock(&world.upgrades) += 1;
            lock(&world.sockets).push(inject.clone());
        }
        kept.extend(chunk);
        let lies = lock(&world.lies).clone();
        let ready = lied(&mut kept, &lies);
        if to.write_all(&ready).await.is_err() {
            return;
        }
    }
}

/// Takes out of `kept` what can go on, each truth replaced; the beginning of a truth at its end waits for the rest.
fn lied(kept: &mut Vec<u8>, lies: &[Lie]) -> Vec<u8> {
    for (truth, lie) in lies {
        for at in 0..kept.len().saturating_sub(truth.len() - 1) {
            if kept[at..].starts_with(truth) {
                kept[at..at + truth.len()].copy_from_slice(lie);
            }
        }
    }
    let begun = |(truth, _): &Lie| (1..truth.len()).rev().find(|length| kept.ends_with(&truth[..*length]));
    let waiting = lies.iter().filter_map(begun).max().unwrap_or(0);
    let rest = kept.split_off(kept.len() - waiting);
    std::mem::replace(kept, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_that_comes_in_two_pieces_is_replaced_all_the_same() {
        let lies = [(b"abc".to_vec(), b"xyz".to_vec())];
        let mut kept = b"abcab".to_vec();
        assert_eq!(lied(&mut kept, &lies), b"xyz");
        kept.extend(b"cd");
        assert_eq!(lied(&mut kept, &lies), b"xyzd");
        assert!(kept.is_empty());
    }
}
