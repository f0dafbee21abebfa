//! The audit chain: each entry carries the hash of the one before, and is written in the transaction of what it tells.

use super::{Conn, Result, damaged, from_json, to_json};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::digest::hash_canonical;
use domain::receipt::GENESIS;
use protocol::rest::AuditEntry;
use serde_json::{Value, json};
use sqlx::Row;

/// What is to be written.
pub(crate) struct Note<'a> {
    /// The authenticated subject, or the gateway itself.
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: Value,
}

/// The chain's end: `{seq, hash}`.
pub(crate) async fn head(conn: &mut Conn) -> Result<(u64, String)> {
    let row =
        sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(conn).await?;
    match row {
        None => Ok((0, GENESIS.to_owned())),
        Some(row) => Ok((u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or(0), row.try_get("hash")?)),
    }
}

/// Appends. The time is hashed in the form in which it is served.
pub(crate) async fn append(conn: &mut Conn, note: Note<'_>, at: DateTime<Utc>) -> Result<()> {
    let (last, prev) = head(conn).await?;
    let seq = last + 1;
    let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let hash = hash_canonical(&json!({
        "seq": seq, "at": at, "actor": note.actor, "action": note.action, "subject": note.subject,
        "detail": note.detail, "prev": prev,
    }));
    sqlx::query(
        "INSERT INTO audit (seq, at, actor, action, subject, detail, prev, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(i64::try_from(seq).unwrap_or(i64::MAX))
    .bind(at)
    .bind(note.actor)
    .bind(note.action)
    .bind(note.subject)
    .bind(to_json(&note.detail)?)
    .bind(prev)
    .bind(hash)
    .execute(conn)
    .await?;
    Ok(())
}

/// At most `limit` entries after `after`, in order.
pub(crate) async fn after(conn: &mut Conn, after: u64, limit: u32) -> Result<Vec<AuditEntry>> {
    let rows = sqlx::query(
        "SELECT seq, at, actor, action, subject, detail, prev, hash FROM audit WHERE seq > $1
         ORDER BY seq LIMIT $2",
    )
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let at: String = row.try_get("at")?;
            Ok(AuditEntry {
                seq: u64::try_from(row.try_get::<i64, _>("seq")?).unwrap_or(0),
                at: DateTime::parse_from_rfc3339(&at)
                    .map_err(|_| damaged(format!("\"{at}\" is no time")))?
                    .with_timezone(&Utc),
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                subject: row.try_get("subject")?,
                detail: from_json(row.try_get("detail")?)?,
                prev: row.try_get("prev")?,
                hash: row.try_get("hash")?,
            })
        })
        .collect()
}
