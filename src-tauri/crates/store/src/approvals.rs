//! Requests as last read from each gateway, redacted. Good enough to be shown with their as-of time; never decided
//! upon without a fresh read (A27).

use crate::redacted::{Redacted, from_json};
use crate::times::{from_us, to_us};
use crate::{Reader, Store, StoreError};
use chrono::{DateTime, Utc};
use domain::redact::Hole;
use domain::{Approval, Digest, GatewayId, RequestId, RequestKey};
use sqlx::SqliteConnection;

/// Whether a request still asks for attention, as far as is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Pending, paused or executing, or a word this build does not know.
    Open,
    /// In a terminal state.
    Closed,
    /// It was open here and the gateway does not know it any more: gone, not resolved (CONTRACT 2).
    Gone {
        /// When that was found.
        since: DateTime<Utc>,
    },
}

/// A request as last read.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedApproval {
    /// The request, redacted.
    pub approval: Approval,
    /// Where secrets stood.
    pub holes: Vec<Hole>,
    /// Computed over what was read, before it was redacted: `approval` itself may give another.
    pub digest: Digest,
    /// When it was read.
    pub as_of: DateTime<Utc>,
    /// See [`Standing`].
    pub standing: Standing,
}

impl Store {
    /// Keeps requests as read. An older reading does not replace a newer one; a reading takes back "gone".
    pub async fn put_approvals(
        &self,
        gateway: GatewayId,
        approvals: &[Approval],
        as_of: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let prepared: Vec<_> =
            approvals.iter().map(|approval| Prepared::of(approval, as_of, &self.keys.redaction)).collect();
        let mut tx = self.writable_cache()?.begin_with("BEGIN IMMEDIATE").await?;
        for approval in &prepared {
            put(&mut tx, gateway, approval, to_us(self.clock.now())).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Marks open requests that the gateway does not know any more. What is closed or read after `at` stays.
    pub async fn mark_gone(
        &self,
        gateway: GatewayId,
        requests: &[RequestId],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.writable_cache()?.begin_with("BEGIN IMMEDIATE").await?;
        for request in requests {
            sqlx::query(
                "UPDATE approvals SET standing = 'gone', gone_us = ?3
                 WHERE gateway = ?1 AND request_id = ?2 AND standing = 'open'
                       AND (as_of_us <= ?3 OR as_of_us > ?4)",
            )
            .bind(gateway.to_string())
            .bind(request.as_str())
            .bind(to_us(at))
            .bind(to_us(self.clock.now()))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Reader {
    /// The requests that are open as far as is known here, by id.
    pub async fn open_approvals(&self, gateway: GatewayId) -> Result<Vec<CachedApproval>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT * FROM approvals WHERE gateway = ?1 AND standing = 'open' ORDER BY request_id",
        )
        .bind(gateway.to_string())
        .fetch_all(&self.cache.pool())
        .await?;
        rows.into_iter().map(Row::read).collect()
    }

    /// The `limit` requests read last, whatever their standing, newest reading first.
    pub async fn approvals(&self, gateway: GatewayId, limit: u32) -> Result<Vec<CachedApproval>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT * FROM approvals WHERE gateway = ?1 ORDER BY as_of_us DESC, request_id LIMIT ?2",
        )
        .bind(gateway.to_string())
        .bind(limit)
        .fetch_all(&self.cache.pool())
        .await?;
        rows.into_iter().map(Row::read).collect()
    }

    /// One request.
    pub async fn approval(&self, key: &RequestKey) -> Result<Option<CachedApproval>, StoreError> {
        let row: Option<Row> =
            sqlx::query_as("SELECT * FROM approvals WHERE gateway = ?1 AND request_id = ?2")
                .bind(key.gateway.to_string())
                .bind(key.request.as_str())
                .fetch_optional(&self.cache.pool())
                .await?;
        row.map(Row::read).transpose()
    }
}

/// A request ready to be written.
pub(crate) struct Prepared {
    request: RequestId,
    standing: &'static str,
    redacted: Redacted,
    digest: Digest,
    as_of_us: i64,
}

impl Prepared {
    /// Computes the digest first, then takes the secrets out (rule 13).
    pub(crate) fn of(approval: &Approval, as_of: DateTime<Utc>, key: &[u8; 32]) -> Self {
        Self {
            request: approval.request_id.clone(),
            standing: if approval.status.is_open() { "open" } else { "closed" },
            redacted: Redacted::of(approval, key),
            digest: approval.computed_digest(),
            as_of_us: to_us(as_of),
        }
    }
}

/// Writes one request. A reading from the future was made before the clock was set back: it counts as older (F34).
pub(crate) async fn put(
    conn: &mut SqliteConnection,
    gateway: GatewayId,
    new: &Prepared,
    now_us: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO approvals (gateway, request_id, standing, approval, holes, digest, as_of_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (gateway, request_id) DO UPDATE
         SET standing = excluded.standing, approval = excluded.approval, holes = excluded.holes,
             digest = excluded.digest, as_of_us = excluded.as_of_us, gone_us = NULL
         WHERE excluded.as_of_us >= approvals.as_of_us OR approvals.as_of_us > ?8",
    )
    .bind(gateway.to_string())
    .bind(new.request.as_str())
    .bind(new.standing)
    .bind(new.redacted.json())
    .bind(new.redacted.holes_json())
    .bind(&new.digest.0)
    .bind(new.as_of_us)
    .bind(now_us)
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    request_id: String,
    standing: String,
    approval: String,
    holes: String,
    digest: String,
    as_of_us: i64,
    gone_us: Option<i64>,
}

impl Row {
    fn read(self) -> Result<CachedApproval, StoreError> {
        let since = self.gone_us.map(from_us).unwrap_or_default();
        Ok(CachedApproval {
            approval: from_json(&self.approval, "request", &self.request_id)?,
            holes: from_json(&self.holes, "holes", &self.request_id)?,
            digest: Digest(self.digest),
            as_of: from_us(self.as_of_us),
            standing: match self.standing.as_str() {
                "gone" => Standing::Gone { since },
                "closed" => Standing::Closed,
                _ => Standing::Open,
            },
        })
    }
}
