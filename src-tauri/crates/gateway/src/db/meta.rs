//! What a database knows about itself: its epoch, its signing key, and counters.

use super::{Conn, Result, damaged};
use domain::Entropy;

/// The values that are made once, when the database is.
#[derive(Clone)]
pub(crate) struct Identity {
    /// Names the life of this database; a restored copy of another has another.
    pub(crate) epoch: String,
    /// Signs access tokens and derives refresh tokens. Never leaves the process.
    pub(crate) key: Vec<u8>,
}

/// Bumped by every change of users, sessions or rights, also by another process.
pub(crate) const RIGHTS: &str = "rights";
/// The newest event's seq.
pub(crate) const EVENTS: &str = "events";

/// Reads the identity, making it on an empty database.
pub(crate) async fn identity(conn: &mut Conn, entropy: &dyn Entropy) -> Result<Identity> {
    let epoch = once(conn, "epoch", || entropy.uuid().to_string()).await?;
    let key = once(conn, "key", || {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        hex::encode(bytes)
    })
    .await?;
    let key = hex::decode(key).map_err(|_| damaged("the signing key is not hexadecimal".into()))?;
    Ok(Identity { epoch, key })
}

/// Adds one and tells the new value.
pub(crate) async fn bump(conn: &mut Conn, counter: &str) -> Result<i64> {
    sqlx::query_scalar(
        "INSERT INTO counters (name, value) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
    )
    .bind(counter)
    .fetch_one(conn)
    .await
}

/// The counter's value; 0 before its first bump.
pub(crate) async fn counter(conn: &mut Conn, counter: &str) -> Result<i64> {
    let value = sqlx::query_scalar("SELECT value FROM counters WHERE name = $1");
    Ok(value.bind(counter).fetch_optional(conn).await?.unwrap_or(0))
}

async fn once(conn: &mut Conn, name: &str, make: impl FnOnce() -> String) -> Result<String> {
    let known: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
        .bind(name)
        .fetch_optional(&mut *conn)
        .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let value = make();
    sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2)")
        .bind(name)
        .bind(&value)
        .execute(conn)
        .await?;
    Ok(value)
}
