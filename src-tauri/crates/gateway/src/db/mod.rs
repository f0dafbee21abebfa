//! The database: everything the gateway keeps, and the only place that speaks SQL.
//!
//! Owns connections, the schema and the queries. Decides nothing: rows go in and come out as values. What is peculiar
//! to SQLite stays in [`sqlite`].

pub(crate) mod actions;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod events;
pub(crate) mod idempotency;
pub(crate) mod mappings;
pub(crate) mod meta;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod sqlite;
pub(crate) mod users;
pub(crate) mod workflows;
pub(crate) mod write;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Mutex;

pub(crate) type Backend = sqlx::Sqlite;
pub(crate) type Conn = <Backend as sqlx::Database>::Connection;
pub(crate) type Pool = sqlx::Pool<Backend>;
pub(crate) type Tx = sqlx::Transaction<'static, Backend>;
pub(crate) type Result<T> = std::result::Result<T, sqlx::Error>;

/// The connections: many readers, one writer at a time.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) read: Pool,
    pub(crate) write: Pool,
    /// Held from the start of a write until its events are handed out, so that they are handed out in order.
    pub(crate) turn: Arc<Mutex<()>>,
    /// How many events are kept for readers to resume from.
    pub(crate) retained_events: u64,
    /// Lives as long as the database does where that is in memory, and is used for nothing: such a database goes with its
    /// last connection, and the pool drops one whenever a caller goes away while it is being tested.
    _anchor: Option<Arc<Conn>>,
}

impl Db {
    /// One read transaction: everything read through it is of the same instant.
    pub(crate) async fn reading(&self) -> Result<Tx> {
        self.read.begin().await
    }
}

/// A time as it is stored: milliseconds since 1970 UTC.
pub(crate) fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(crate) fn damaged(what: String) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
