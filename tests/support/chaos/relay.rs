//! Carries bytes from one side to the other and does to them what the faults say.

use super::frames::{self, Frames};
use super::{Fault, Link, Say, World};
use crate::serve::{Peer, lock};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Does the connection go on?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    On,
    Over,
}

/// What came from the gateway and has not gone on yet.
#[derive(Debug, Default)]
struct Cut {
    frames: Frames,
    /// An event that waits for the one behind it.
    kept: Option<Vec<u8>>,
    /// A frame has come.
    greeted: bool,
}

/// A text frame whose bytes are no text.
const NO_TEXT: [u8; 4] = [0x81, 2, 0xc3, 0x28];

/// Which way a piece goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To the gateway.
    Up { is_frame: bool },
    /// To the console.
    Down { is_frame: bool },
}

pub(super) async fn accept(listener: TcpListener, world: Arc<World>) {
    while let Ok((console, _)) = listener.accept().await {
        tokio::spawn(connect(console, world.clone()));
    }
}

async fn connect(console: TcpStream, world: Arc<World>) {
    let upstream = lock(&world.upstream).clone();
    // A gateway that is not there is one that refuses: the console's connection ends.
    let Ok(gateway) = TcpStream::connect(upstream).await else { return };
    // What is small goes out at once: pieces are what the faults count.
    let _ = (console.set_nodelay(true), gateway.set_nodelay(true));
    let (say, said) = mpsc::unbounded_channel();
    let link = Arc::new(Link {
        console: Peer::of(&console),
        gateway: Peer::of(&gateway),
        line: Mutex::default(),
        upgraded: Mutex::default(),
        say,
    });
    lock(&world.links).push(link.clone());
    let (from_console, to_console) = console.into_split();
    let (from_gateway, to_gateway) = gateway.into_split();
    let up = tokio::spawn(up(from_console, to_gateway, link.clone(), world.clone()));
    down(from_gateway, to_console, said, &link, &world).await;
    up.abort();
    lock(&world.links).retain(|other| !Arc::ptr_eq(other, &link));
}

/// From the console to the gateway.
async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: Arc<Link>, world: Arc<World>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut cut = Frames::default();
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let chunk = &buffer[..read];
        let upgraded = *lock(&link.upgraded);
        if !upgraded {
            note_call(chunk, &link, &world);
        }
        let faults = world.on(&link);
        if let Some(answer) = answered(chunk, &faults).filter(|_| !upgraded) {
            let _ = link.say.send(Say::Last(answer));
            continue;
        }
        hold(&link, &world, Way::Up { is_frame: upgraded }).await;
        let mut piece = chunk.to_vec();
        if upgraded {
            let whole = cut.take(chunk);
            lock(&world.said).extend(whole.iter().map(|frame| frames::read(frame)));
            if faults.contains(&Fault::NoControlFrames) {
                piece = without_control(whole);
            }
        }
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
    // The gateway hears that the console has gone.
    let _ = to.shutdown().await;
}

/// From the gateway to the console, with what is put in between.
async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut said: mpsc::UnboundedReceiver<Say>,
    link: &Link,
    world: &World,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut cut = Cut::default();
    loop {
        tokio::select! {
            say = said.recv() => match say {
                Some(Say::Frame(frame)) => {
                    if pass(&frame, &mut to, link, world).await == Going::Over {
                        return;
                    }
                }
                Some(Say::Last(bytes)) => {
                    let _ = to.write_all(&bytes).await;
                    let _ = to.shutdown().await;
                    return;
                }
                None => return,
            },
            read = from.read(&mut buffer) => {
                let Ok(read @ 1..) = read else { return };
                for piece in pieces(&buffer[..read], &mut cut, link, world) {
                    if pass(&piece, &mut to, link, world).await == Going::Over {
                        return;
                    }
                }
            }
        }
    }
}

/// What came, at borders where something may be put in between: a WebSocket's frames, else as it came.
fn pieces(chunk: &[u8], cut: &mut Cut, link: &Link, world: &World) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut frames = chunk;
    let was_upgraded = *lock(&link.upgraded);
    if !was_upgraded && chunk.starts_with(b"HTTP/1.1 101") {
        *lock(&link.upgraded) = true;
        *lock(&world.upgrades) += 1;
        let head = chunk.windows(4).position(|window| window == b"\r\n\r\n").map_or(chunk.len(), |at| at + 4);
        pieces.push(chunk[..head].to_vec());
        frames = &chunk[head..];
    } else if !was_upgraded {
        return vec![chunk.to_vec()];
    }
    let no_control = world.on(link).contains(&Fault::NoControlFrames);
    for frame in cut.frames.take(frames) {
        if no_control && frames::is_ping_or_pong(&frame) {
            continue;
        }
        let is_event = frames::is_event(&frame);
        if is_event && world.spend(link, &Fault::LoseEvent) {
            continue;
        }
        if is_event && world.spend(link, &Fault::SwapEvents) {
            cut.kept = Some(frame);
            continue;
        }
        pieces.push(frame);
        if !cut.greeted && world.on(link).contains(&Fault::Garble) {
            pieces.push(NO_TEXT.to_vec());
        }
        cut.greeted = true;
        if is_event {
            pieces.extend(cut.kept.take());
        }
    }
    pieces
}

/// One piece on its way to the console.
async fn pass(piece: &[u8], to: &mut OwnedWriteHalf, link: &Link, world: &World) -> Going {
    let is_frame = *lock(&link.upgraded) && !piece.starts_with(b"HTTP/1.1 101");
    hold(link, world, Way::Down { is_frame }).await;
    let mut piece = piece.to_vec();
    if let Some(at) = world.strikes_within(link, piece.len(), until_flip) {
        piece[at] ^= 0x10;
    }
    if let Some(at) = world.strikes_within(link, piece.len(), until_reset) {
        let _ = to.write_all(&piece[..at]).await;
        link.reset();
        return Going::Over;
    }
    write(&piece, to, link, world).await
}

fn until_flip(fault: &mut Fault) -> Option<&mut usize> {
    match fault {
        Fault::FlipAfter(left) => Some(left),
        _ => None,
    }
}

fn until_reset(fault: &mut Fault) -> Option<&mut usize> {
    match fault {
        Fault::ResetAfter(left) => Some(left),
        _ => None,
    }
}

async fn write(piece: &[u8], to: &mut OwnedWriteHalf, link: &Link, world: &World) -> Going {
    let faults = world.on(link);
    let lost = faults.iter().find_map(|fault| match fault {
        Fault::LoseEach(number) => Some(*number),
        _ => None,
    });
    if let Some(number) = lost {
        let mut pieces = lock(&world.pieces);
        *pieces += 1;
        if pieces.is_multiple_of(number) {
            link.reset();
            return Going::Over;
        }
    }
    let drip = faults.iter().find_map(|fault| match fault {
        Fault::Drip(each) => Some(*each),
        _ => None,
    });
    let Some(each) = drip else {
        return if to.write_all(piece).await.is_ok() { Going::On } else { Going::Over };
    };
    for byte in piece {
        if to.write_all(std::slice::from_ref(byte)).await.is_err() {
            return Going::Over;
        }
        sleep(each).await;
    }
    Going::On
}

/// Waits as long as a fault holds the piece back.
async fn hold(link: &Link, world: &World, way: Way) {
    let delay = world.on(link).into_iter().find_map(|fault| match fault {
        Fault::Delay(delay) => Some(delay),
        _ => None,
    });
    if let Some(delay) = delay {
        sleep(delay).await;
    }
    let holds = |fault: &Fault| match (fault, way) {
        (Fault::Silence, _) => true,
        (Fault::MuteSocket, Way::Up { is_frame } | Way::Down { is_frame }) => is_frame,
        (Fault::HoldAnswers, Way::Down { is_frame }) => !is_frame,
        _ => false,
    };
    world.until_free_of(link, holds).await;
}

fn note_call(chunk: &[u8], link: &Link, world: &World) {
    let text = String::from_utf8_lossy(chunk);
    let first = text.lines().next().unwrap_or_default();
    if first.ends_with(" HTTP/1.1") {
        *lock(&link.line) = first.to_owned();
        lock(&world.calls).push(text.into_owned());
    }
}

/// The answer in the gateway's place, for a chunk that begins a call.
fn answered(chunk: &[u8], faults: &[Fault]) -> Option<Vec<u8>> {
    let begins = chunk.windows(9).any(|window| window == b" HTTP/1.1");
    faults.iter().filter(|_| begins).find_map(|fault| match fault {
        Fault::Answer(raw) => Some(raw.clone().into_bytes()),
        _ => None,
    })
}

fn without_control(whole: Vec<Vec<u8>>) -> Vec<u8> {
    whole.into_iter().filter(|frame| !frames::is_ping_or_pong(frame)).flatten().collect()
}
