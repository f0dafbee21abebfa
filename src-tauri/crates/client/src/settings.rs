//! What a [`crate::Gateway`] is told before it starts: where, which dialect, how long to wait, which clock and dice.

use crate::network::Network;
use crate::origin::Origin;
pub use crate::stream::pace::Pace;
use domain::{Clock, Entropy, PipelineId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Which of the two wire contracts a gateway speaks; pinned per gateway (CONTRACT, head).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Sections 1 and 2.
    Holdpoint,
    /// Section 3, and every variant of it.
    Platform,
}

impl Dialect {
    /// Reads what its `Display` writes.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "holdpoint" => Some(Dialect::Holdpoint),
            "platform" => Some(Dialect::Platform),
            _ => None,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Holdpoint => "holdpoint",
            Dialect::Platform => "platform",
        })
    }
}

/// Everything a gateway's client starts from.
#[derive(Clone)]
pub struct Settings {
    /// Where it is.
    pub origin: Origin,
    /// What it spoke when it was added; `None` before that.
    pub pinned: Option<Dialect>,
    /// Pipelines a person entered because the platform does not list them (CONTRACT 3).
    pub pipelines_by_hand: Vec<PipelineId>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// The stream's times.
    pub pace: Pace,
    /// The way through the network.
    pub network: Network,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter, correlation ids, socket keys.
    pub entropy: Arc<dyn Entropy>,
}

impl Settings {
    /// Settings with the usual time-outs, no proxy and nothing pinned.
    pub fn new(origin: Origin, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            origin,
            pinned: None,
            pipelines_by_hand: Vec::new(),
            timeouts: Timeouts::default(),
            pace: Pace::default(),
            network: Network::default(),
            clock,
            entropy,
        }
    }
}

/// Milliseconds to wait. The gateway's own limits are 30 s for reads and 55 to 60 s for a decision (CONTRACT 1, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until connected, name resolution and TLS included.
    pub connect_ms: u64,
    /// A whole read.
    pub read_ms: u64,
    /// A whole decision: longer than the gateway's own limit, so that its answer is heard.
    pub decide_ms: u64,
    /// The stream's handshake.
    pub upgrade_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect_ms: 10_000, read_ms: 30_000, decide_ms: 65_000, upgrade_ms: 10_000 }
    }
}

/// A password on its way to the gateway. It shows itself to nobody.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
