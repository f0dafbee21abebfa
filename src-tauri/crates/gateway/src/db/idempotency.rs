//! Answers by idempotency key (CONTRACT 1c). Kept as long as the approval they belong to.

use super::{Conn, Result, from_json, to_json};
use domain::RequestId;
use serde_json::Value;
use sqlx::Row;

/// What identifies one call: the scope of CONTRACT 1c and the fingerprint of its body.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The user's id.
    pub(crate) subject: String,
    /// Verb and pipeline.
    pub(crate) route: String,
    pub(crate) key: String,
    /// SHA-256 over the canonical body and the precondition.
    pub(crate) fingerprint: String,
}

/// An earlier call under the same key.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    pub(crate) fingerprint: String,
    pub(crate) request_id: Option<RequestId>,
    /// `None` while it still runs.
    pub(crate) answer: Option<(u16, Value)>,
}

pub(crate) async fn find(conn: &mut Conn, claim: &Claim) -> Result<Option<Earlier>> {
    let row = sqlx::query(
        "SELECT fingerprint, request_id, status, body FROM idempotency
         WHERE subject = $1 AND route = $2 AND idempotency_key = $3",
    )
    .bind(&claim.subject)
    .bind(&claim.route)
    .bind(&claim.key)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let status: Option<i64> = row.try_get("status")?;
    let body: Option<&str> = row.try_get("body")?;
    let answer = match (status.and_then(|status| u16::try_from(status).ok()), body) {
        (Some(status), Some(body)) => Some((status, from_json(body)?)),
        _ => None,
    };
    Ok(Some(Earlier {
        fingerprint: row.try_get("fingerprint")?,
        request_id: row.try_get::<Option<String>, _>("request_id")?.map(RequestId),
        answer,
    }))
}

pub(crate) async fn insert(
    conn: &mut Conn,
    claim: &Claim,
    request_id: Option<&RequestId>,
    answer: Option<(u16, &Value)>,
    at: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO idempotency
         (subject, route, idempotency_key, fingerprint, request_id, status, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&claim.subject)
    .bind(&claim.route)
    .bind(&claim.key)
    .bind(&claim.fingerprint)
    .bind(request_id.map(RequestId::as_str))
    .bind(answer.map(|(status, _)| i64::from(status)))
    .bind(answer.map(|(_, body)| to_json(body)).transpose()?)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the answer of a call that was still running. The first answer stays.
pub(crate) async fn complete(conn: &mut Conn, claim: &Claim, status: u16, body: &Value) -> Result<()> {
    sqlx::query(
        "UPDATE idempotency SET status = $4, body = $5
         WHERE subject = $1 AND route = $2 AND idempotency_key = $3 AND status IS NULL",
    )
    .bind(&claim.subject)
    .bind(&claim.route)
    .bind(&claim.key)
    .bind(i64::from(status))
    .bind(to_json(body)?)
    .execute(conn)
    .await?;
    Ok(())
}
