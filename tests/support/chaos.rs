//! A TCP proxy between console and gateway that can be told to misbehave while connections live: cut, fall silent, reset,
//! drip, delay, flip a bit, answer in the gateway's place (PROOF, Network).
//!
//! Owns the bytes in between and the faults by name. What is said with those bytes is both sides' own matter.

mod frames;
mod relay;

use crate::serve::{Peer, lock};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A running proxy. Dropping it refuses new connections.
#[derive(Debug)]
pub struct Chaos {
    origin: String,
    world: Arc<World>,
    accepting: JoinHandle<()>,
}

/// Whom a fault meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Every connection, also those that are made later.
    All,
    /// Connections that became WebSockets.
    Sockets,
    /// Connections whose latest request line holds this text.
    Calls(String),
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing comes through in either direction and nothing is closed: half-open (F2). What is held back arrives once
    /// this is mended, as sent-again packets do.
    Silence,
    /// The connection is reset once so many more bytes have come from the gateway; once.
    ResetAfter(usize),
    /// One byte reaches the console each time (F8).
    Drip(Duration),
    /// Each piece is held back so long, in both directions (F9).
    Delay(Duration),
    /// Each piece of this number from the gateway is lost with its connection (F9); counted over all connections.
    LoseEach(usize),
    /// One bit is turned after so many more bytes from the gateway; once.
    FlipAfter(usize),
    /// Protocol pings and pongs are taken out of WebSockets (F6).
    NoControlFrames,
    /// This raw HTTP answer is given in the gateway's place, which never sees the call (F3, F4).
    Answer(String),
    /// The next event of a WebSocket is lost; once (F14).
    LoseEvent,
    /// The next event of a WebSocket comes after the one behind it; once (F15).
    SwapEvents,
    /// Behind the first frame of each WebSocket comes one that is no text, as if the gateway kept such an event (F19).
    Garble,
    /// Calls come through, answers do not; nothing is closed (F33).
    HoldAnswers,
    /// The handshake comes through, frames do not, in either direction: a proxy that buffers what it does not know (F3).
    MuteSocket,
}

#[derive(Debug)]
struct World {
    upstream: Mutex<String>,
    faults: watch::Sender<Vec<(Whom, Fault)>>,
    links: Mutex<Vec<Arc<Link>>>,
    calls: Mutex<Vec<String>>,
    pieces: Mutex<usize>,
    upgrades: Mutex<usize>,
    said: Mutex<Vec<Said>>,
}

/// A frame that the console sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A text.
    Text(String),
    /// A close with this code; `None` where it named none.
    Close(Option<u16>),
    /// A control frame or bytes.
    Other,
}

/// One connection of the console and its other half.
#[derive(Debug)]
struct Link {
    console: Peer,
    gateway: Peer,
    /// The latest request line.
    line: Mutex<String>,
    upgraded: Mutex<bool>,
    say: mpsc::UnboundedSender<Say>,
}

/// What is put into a connection as if it came from the gateway.
#[derive(Debug)]
enum Say {
    /// A text frame, between two others.
    Frame(Vec<u8>),
    /// These bytes; then the connection ends.
    Last(Vec<u8>),
}

impl Chaos {
    /// Stands in front of `origin` on a port of its own and does nothing wrong yet.
    pub async fn start(origin: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let world = Arc::new(World {
            upstream: Mutex::new(bare(origin)),
            faults: watch::Sender::new(Vec::new()),
            links: Mutex::default(),
            calls: Mutex::default(),
            pieces: Mutex::default(),
            upgrades: Mutex::default(),
            said: Mutex::default(),
        });
        let accepting = tokio::spawn(relay::accept(listener, world.clone()));
        Self { origin: format!("http://{address}"), world, accepting }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// From now on this goes wrong, besides what already does.
    pub fn cause(&self, whom: Whom, fault: Fault) {
        self.world.faults.send_modify(|faults| faults.push((whom, fault)));
    }

    /// Nothing goes wrong any longer.
    pub fn mend(&self) {
        self.world.faults.send_modify(Vec::clear);
    }

    /// Is a fault that happens once still to come?
    pub fn has_faults(&self) -> bool {
        !self.world.faults.borrow().is_empty()
    }

    /// Resets every live connection that is met, at once.
    pub fn reset(&self, whom: &Whom) {
        for link in lock(&self.world.links).iter().filter(|link| link.is_met(whom)) {
            link.reset();
        }
    }

    /// New connections go to another gateway from now on, as behind a name that was pointed elsewhere (F7).
    pub fn point_to(&self, origin: &str) {
        *lock(&self.world.upstream) = bare(origin);
    }

    /// Puts a text frame into every live WebSocket, between two frames of the gateway's.
    pub fn inject(&self, text: &str) {
        self.inject_raw(&frames::text(text));
    }

    /// Puts these bytes into every live WebSocket, between two frames of the gateway's.
    pub fn inject_raw(&self, frame: &[u8]) {
        for link in lock(&self.world.links).iter().filter(|link| *lock(&link.upgraded)) {
            // One that is gone by now hears nothing.
            let _ = link.say.send(Say::Frame(frame.to_vec()));
        }
    }

    /// The calls whose request line holds `part`, as they began: request line, headers, and the body if it came along.
    pub fn calls(&self, part: &str) -> Vec<String> {
        let first = |call: &&String| call.lines().next().is_some_and(|line| line.contains(part));
        lock(&self.world.calls).iter().filter(first).cloned().collect()
    }

    /// What the console has said over WebSockets, in order.
    pub fn said(&self) -> Vec<Said> {
        lock(&self.world.said).clone()
    }

    /// How many WebSockets were opened through here.
    pub fn upgrades(&self) -> usize {
        *lock(&self.world.upgrades)
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl World {
    /// The faults that meet a connection now.
    fn on(&self, link: &Link) -> Vec<Fault> {
        let faults = self.faults.borrow();
        faults.iter().filter(|(whom, _)| link.is_met(whom)).map(|(_, fault)| fault.clone()).collect()
    }

    /// Counts a fault down by what came from the gateway. Gives how many of these bytes come before it strikes.
    fn strikes_within(
        &self,
        link: &Link,
        bytes: usize,
        pick: fn(&mut Fault) -> Option<&mut usize>,
    ) -> Option<usize> {
        let mut struck = None;
        self.faults.send_if_modified(|faults| {
            let counted = |entry: &mut (Whom, Fault)| link.is_met(&entry.0) && pick(&mut entry.1).is_some();
            let Some(at) = faults.iter_mut().position(counted) else { return false };
            match pick(&mut faults[at].1) {
                Some(left) if *left < bytes => {
                    struck = Some(*left);
                    faults.remove(at);
                }
                Some(left) => *left -= bytes,
                None => {}
            }
            struck.is_some()
        });
        struck
    }

    /// Takes a fault that happens once, if it meets the connection.
    fn spend(&self, link: &Link, fault: &Fault) -> bool {
        self.faults.send_if_modified(|faults| {
            let met = faults.iter().position(|(whom, known)| known == fault && link.is_met(whom));
            met.map(|at| faults.remove(at)).is_some()
        })
    }

    /// Waits until no fault of that kind meets the connection.
    async fn until_free_of(&self, link: &Link, is_it: impl Fn(&Fault) -> bool) {
        let mut faults = self.faults.subscribe();
        let met = |faults: &Vec<(Whom, Fault)>| {
            !faults.iter().any(|(whom, fault)| link.is_met(whom) && is_it(fault))
        };
        // The sender lives as long as this world.
        let _ = faults.wait_for(met).await;
    }
}

impl Link {
    fn is_met(&self, whom: &Whom) -> bool {
        match whom {
            Whom::All => true,
            Whom::Sockets => *lock(&self.upgraded),
            Whom::Calls(part) => !*lock(&self.upgraded) && lock(&self.line).contains(part.as_str()),
        }
    }

    fn reset(&self) {
        self.console.reset();
        self.gateway.reset();
    }
}

fn bare(origin: &str) -> String {
    origin.trim_start_matches("http://").to_owned()
}
