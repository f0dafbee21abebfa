//! A port that nobody has a reason to knock at: what a hostile text tries to make the page call.

use crate::serve::lock;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A listener on loopback that counts its callers. Dropped, it is gone.
#[derive(Debug)]
pub struct Canary {
    address: SocketAddr,
    callers: Arc<Mutex<Vec<SocketAddr>>>,
    listening: JoinHandle<()>,
}

impl Canary {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When none is free.
    pub async fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let callers = Arc::new(Mutex::new(Vec::new()));
        let called = callers.clone();
        let listening = tokio::spawn(async move {
            while let Ok((_, caller)) = listener.accept().await {
                lock(&called).push(caller);
            }
        });
        Self { address, callers, listening }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often somebody has connected.
    pub fn calls(&self) -> usize {
        lock(&self.callers).len()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventually;
    use std::time::Duration;
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn a_caller_is_counted() {
        let canary = Canary::listen().await;
        assert_eq!(canary.calls(), 0);
        let _caller = TcpStream::connect(canary.address).await.expect("it listens");
        eventually(Duration::from_secs(5), || async { (canary.calls() == 1).then_some(()) }).await;
    }
}
