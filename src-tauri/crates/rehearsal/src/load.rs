//! The load: real clients over HTTP. Some leak, that is, hold their slot for very long, until the pool is dry; a trickle
//! of ordinary payments goes on throughout. When the fault stands, the leaking is stopped: what leaked stays leaked, but a
//! pool that is freed then stays free.

use crate::service::{EXHAUSTED, MAX_HOLD_MS};
use crate::wire::reqwest;
use serde_json::Value;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two ordinary payments.
const TRICKLE_MS: u64 = 100;

/// What an ordinary payment takes.
const PAYMENT_MS: u64 = 20;

/// Before a leak that found no slot tries again.
const LEAK_RETRY_MS: u64 = 50;

/// Clients at work; they end when this is dropped.
pub struct Load {
    clients: JoinSet<()>,
    fault_stands: CancellationToken,
}

impl Load {
    /// Starts `leaks` leaking clients and the trickle against the service at `origin`.
    pub fn start(client: &reqwest::Client, origin: &str, leaks: usize) -> Self {
        let mut clients = JoinSet::new();
        let fault_stands = CancellationToken::new();
        for _ in 0..leaks {
            clients.spawn(leak(client.clone(), origin.to_owned(), fault_stands.clone()));
        }
        clients.spawn(trickle(client.clone(), origin.to_owned()));
        Self { clients, fault_stands }
    }

    /// No further slot is leaked from now on; the leaked ones stay held.
    pub fn stop_leaking(&self) {
        self.fault_stands.cancel();
    }

    /// Clients that are still at work: the trickle, and each leak that holds its slot.
    pub fn at_work(&mut self) -> usize {
        while self.clients.try_join_next().is_some() {}
        self.clients.len()
    }
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payment {
    /// Answered well, cut off, or not answered at all: over in any case.
    Over,
    /// Refused at once.
    NoSlot,
}

async fn leak(client: reqwest::Client, origin: String, fault_stands: CancellationToken) {
    while !fault_stands.is_cancelled() && pay(&client, &origin, MAX_HOLD_MS, None).await == Payment::NoSlot {
        tokio::time::sleep(Duration::from_millis(LEAK_RETRY_MS)).await;
    }
}

async fn trickle(client: reqwest::Client, origin: String) {
    let mut every = tokio::time::interval(Duration::from_millis(TRICKLE_MS));
    loop {
        every.tick().await;
        pay(&client, &origin, PAYMENT_MS, Some(Duration::from_secs(5))).await;
    }
}

async fn pay(client: &reqwest::Client, origin: &str, hold_ms: u64, limit: Option<Duration>) -> Payment {
    let mut request = client.post(format!("{origin}/checkout")).query(&[("hold_ms", hold_ms)]);
    if let Some(limit) = limit {
        request = request.timeout(limit);
    }
    let Ok(answer) = request.send().await else { return Payment::Over };
    let refused = answer.status().is_server_error();
    match answer.json::<Value>().await {
        Ok(problem) if refused && problem["type"].as_str().is_some_and(|kind| kind.ends_with(EXHAUSTED)) => {
            Payment::NoSlot
        }
        _ => Payment::Over,
    }
}
