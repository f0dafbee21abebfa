//! An HTTP server on a loopback port of its own that a test can cut off and bring back.
//!
//! Owns the listener and the connections. Knows nothing of what is served.

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use rustix::fd::OwnedFd;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One TCP connection, kept so that it can be broken in mid-air.
#[derive(Clone, Debug)]
pub struct Peer(Option<Arc<OwnedFd>>);

/// A running server. Dropping it breaks every connection.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    router: Router,
    running: Mutex<Option<JoinHandle<()>>>,
    peers: Peers,
}

/// Every connection ever accepted that still lives.
#[derive(Clone, Debug, Default)]
struct Peers(Arc<Mutex<Vec<Weak<OwnedFd>>>>);

impl Peer {
    /// The connection behind a stream, to be broken later whoever owns the stream by then.
    pub(crate) fn of(stream: &TcpStream) -> Self {
        Self(rustix::io::dup(stream).ok().map(Arc::new))
    }

    /// Breaks the connection with a TCP reset: the other side reads an error, not an end.
    pub fn reset(&self) {
        if let Some(connection) = &self.0 {
            // Only a connection that is gone already can refuse.
            let _ = rustix::net::connect_unspec(connection);
        }
    }

    /// Puts `bytes` on the wire as they are, past HTTP and WebSocket.
    pub fn write_raw(&self, bytes: &[u8]) {
        if let Some(connection) = &self.0 {
            let _ = rustix::io::write(connection, bytes);
        }
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Peer(rustix::io::dup(stream.io()).ok().map(Arc::new))
    }
}

impl Serving {
    /// Serves `router` on a free port of 127.0.0.1. Handlers may take `ConnectInfo<Peer>`.
    pub async fn start(router: Router) -> Self {
        let peers = Peers::default();
        let known = peers.clone();
        let router = router.layer(axum::middleware::from_fn(
            move |axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<Peer>,
                  request: axum::extract::Request,
                  next: axum::middleware::Next| {
                known.remember(&peer);
                next.run(request)
            },
        ));
        let listener = listen(0).await;
        let address = listener.local_addr().expect("a bound listener has an address");
        let running = Mutex::new(Some(spawn(listener, router.clone())));
        Self { address, router, running, peers }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Goes away: the port refuses, every connection is reset.
    pub async fn go_down(&self) {
        let running = lock(&self.running).take();
        if let Some(task) = running {
            task.abort();
            let _ = task.await;
        }
        self.peers.reset();
    }

    /// Listens again on the same port.
    pub async fn come_back(&self) {
        let listener = listen(self.port()).await;
        *lock(&self.running) = Some(spawn(listener, self.router.clone()));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.running).take() {
            task.abort();
        }
        self.peers.reset();
    }
}

impl Peers {
    fn remember(&self, peer: &Peer) {
        let Some(connection) = &peer.0 else { return };
        let mut known = lock(&self.0);
        known.retain(|old| old.strong_count() > 0);
        if !known.iter().any(|old| old.as_ptr() == Arc::as_ptr(connection)) {
            known.push(Arc::downgrade(connection));
        }
    }

    fn reset(&self) {
        for connection in lock(&self.0).drain(..).filter_map(|weak| weak.upgrade()) {
            Peer(Some(connection)).reset();
        }
    }
}

/// Locks; a test that failed elsewhere must not hide its reason behind a poisoned lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a loopback port can be bound")
}

fn spawn(listener: TcpListener, router: Router) -> JoinHandle<()> {
    let service = router.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move {
        // Ends only by being aborted.
        let _ = axum::serve(listener, service).await;
    })
}
