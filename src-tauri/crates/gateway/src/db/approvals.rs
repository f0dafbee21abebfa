//! The ledger's rows: one approval each, whole, with the columns that queries need beside it.

use super::{Conn, Result, from_json, millis, to_json};
use chrono::{DateTime, Utc};
use domain::{Approval, Digest, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// An approval with what the wire does not carry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) approval: Approval,
    /// The values it was rendered with; needed to render it anew.
    pub(crate) context: Map<String, Value>,
    /// Someone asked the running chain to stop.
    pub(crate) stop: Option<StopAsked>,
}

/// Who asked a running chain to stop, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StopAsked {
    pub(crate) by: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) reason: String,
}

pub(crate) async fn insert(conn: &mut Conn, entry: &Entry) -> Result<()> {
    let approval = &entry.approval;
    sqlx::query(
        "INSERT INTO approvals (request_id, pipeline_id, status, created_at, expires_at, context, stop_asked, body)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, $7)",
    )
    .bind(approval.request_id.as_str())
    .bind(approval.pipeline_id.as_str())
    .bind(approval.status.to_string())
    .bind(approval.created_at.map_or(0, millis))
    .bind(approval.expires_at.map_or(i64::MAX, millis))
    .bind(to_json(&entry.context)?)
    .bind(to_json(approval)?)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn save(conn: &mut Conn, entry: &Entry) -> Result<()> {
    let approval = &entry.approval;
    sqlx::query(
        "UPDATE approvals SET status = $2, expires_at = $3, stop_asked = $4, body = $5 WHERE request_id = $1",
    )
    .bind(approval.request_id.as_str())
    .bind(approval.status.to_string())
    .bind(approval.expires_at.map_or(i64::MAX, millis))
    .bind(entry.stop.as_ref().map(to_json).transpose()?)
    .bind(to_json(approval)?)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn one(conn: &mut Conn, id: &RequestId) -> Result<Option<Entry>> {
    let row = sqlx::query("SELECT body, context, stop_asked FROM approvals WHERE request_id = $1")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Pending and paused, oldest first.
pub(crate) async fn waiting(conn: &mut Conn, pipeline: &str) -> Result<Vec<Entry>> {
    let rows = sqlx::query(
        "SELECT body, context, stop_asked FROM approvals
         WHERE pipeline_id = $1 AND status IN ('pending', 'paused') ORDER BY created_at, request_id",
    )
    .bind(pipeline)
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

/// Pending, paused and executing, of every pipeline, oldest first.
pub(crate) async fn open(conn: &mut Conn) -> Result<Vec<Entry>> {
    let rows = sqlx::query(
        "SELECT body, context, stop_asked FROM approvals
         WHERE status IN ('pending', 'paused', 'executing') ORDER BY created_at, request_id",
    )
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

/// Executing, of every pipeline.
pub(crate) async fn executing(conn: &mut Conn) -> Result<Vec<Entry>> {
    let rows = sqlx::query("SELECT body, context, stop_asked FROM approvals WHERE status = 'executing'")
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

/// Those whose time has come and nobody has said so yet.
pub(crate) async fn due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<RequestId>> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT request_id FROM approvals WHERE status IN ('pending', 'paused') AND expires_at <= $1
         ORDER BY expires_at",
    )
    .bind(millis(now))
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// When the next one's time comes, in milliseconds since 1970.
pub(crate) async fn next_expiry(conn: &mut Conn) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT MIN(expires_at) FROM approvals WHERE status IN ('pending', 'paused')")
        .fetch_one(conn)
        .await
}

pub(crate) async fn add_digest(
    conn: &mut Conn,
    id: &RequestId,
    revision: u64,
    digest: &Digest,
) -> Result<()> {
    sqlx::query("INSERT INTO approval_digests (request_id, revision, digest) VALUES ($1, $2, $3)")
        .bind(id.as_str())
        .bind(i64::try_from(revision).unwrap_or(i64::MAX))
        .bind(&digest.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Was this ever the digest of that request?
pub(crate) async fn had_digest(conn: &mut Conn, id: &RequestId, digest: &Digest) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT revision FROM approval_digests WHERE request_id = $1 AND digest = $2")
            .bind(id.as_str())
            .bind(&digest.0)
            .fetch_optional(conn)
            .await?;
    Ok(found.is_some())
}

fn read(row: &SqliteRow) -> Result<Entry> {
    let stop: Option<&str> = row.try_get("stop_asked")?;
    Ok(Entry {
        approval: from_json(row.try_get("body")?)?,
        context: from_json(row.try_get("context")?)?,
        stop: stop.map(from_json).transpose()?,
    })
}
