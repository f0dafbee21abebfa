//! What an embedder may set. Owns the defaults of the contract; holds no behaviour.

use crate::system::{SystemClock, SystemEntropy};
use domain::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a gateway is opened.
#[derive(Clone)]
pub struct Config {
    /// `sqlite:PATH`, `sqlite::memory:` or a plain path.
    pub database: String,
    /// Seconds a request, or a pause, waits for a person; 1800 by default.
    pub approval_ttl_s: u64,
    /// Seconds of life of an access token; 3600 by default (CONTRACT 1).
    pub access_ttl_s: u64,
    /// Seconds of life of a refresh token; 30 days by default (CONTRACT 1).
    pub refresh_ttl_s: u64,
    /// Seconds after which a synchronous approve is answered with 202; 55 by default (CONTRACT 1).
    pub sync_limit_s: u64,
    /// Requests per minute and user; 1000 by default (CONTRACT 1).
    pub requests_per_min: u32,
    /// Events kept for resuming; 100,000 by default.
    pub retained_events: u64,
    /// Events a reader may lag behind before it is reset; 1024 by default.
    pub reader_backlog: usize,
    /// Seconds that running executions get at shutdown before they are marked interrupted; 10 by default.
    pub grace_s: u64,
    /// Values of secrets by pipeline id and name. Kept in memory only (rule 13).
    pub secrets: BTreeMap<String, BTreeMap<String, String>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness: keys, ids, salts.
    pub entropy: Arc<dyn Entropy>,
}

impl Config {
    /// The contract's defaults on this database, with the real clock and randomness.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            approval_ttl_s: 1_800,
            access_ttl_s: 3_600,
            refresh_ttl_s: 30 * 24 * 3_600,
            sync_limit_s: 55,
            requests_per_min: 1_000,
            retained_events: 100_000,
            reader_backlog: 1_024,
            grace_s: 10,
            secrets: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}
