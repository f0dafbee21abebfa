//! Looking at committed events.

use super::LocalRow;
use crate::gateways::gateway_id;
use crate::redacted::from_json;
use crate::times::from_us;
use crate::{Reader, StoreError};
use chrono::{DateTime, Utc};
use domain::redact::Hole;
use domain::{GatewayId, PipelineId, RequestId, RequestKey};
use serde_json::Value;

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Its number here.
    pub row: LocalRow,
    /// The gateway it came from.
    pub gateway: GatewayId,
    /// The stream's epoch.
    pub epoch: String,
    /// The gateway's number.
    pub seq: i64,
    /// Pipeline id, or `user:<id>`.
    pub topic: String,
    /// The event's id.
    pub id: String,
    /// `notification` and the like.
    pub kind: String,
    /// `data.type`, as `approval_required`.
    pub subtype: Option<String>,
    /// The pipeline it is about.
    pub pipeline: Option<PipelineId>,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// The gateway's time.
    pub at: DateTime<Utc>,
    /// One line for lists; redacted.
    pub title: String,
    /// All of it; redacted.
    pub raw: Value,
    /// Where secrets stood in `raw`.
    pub holes: Vec<Hole>,
}

impl Reader {
    /// The events committed after `row`, oldest first, at most `limit`.
    pub async fn events_after(&self, row: LocalRow, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as("SELECT * FROM events WHERE row > ?1 ORDER BY row LIMIT ?2")
            .bind(row.0)
            .bind(limit)
            .fetch_all(&self.cache.pool())
            .await?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Does the history hold any event about that request?
    pub async fn has_events(&self, key: &RequestKey) -> Result<bool, StoreError> {
        let any =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM events WHERE gateway = ?1 AND request_id = ?2)")
                .bind(key.gateway.to_string())
                .bind(key.request.as_str());
        Ok(any.fetch_one(&self.cache.pool()).await?)
    }

    /// The number of the last committed event; 0 for none.
    pub async fn last_row(&self) -> Result<LocalRow, StoreError> {
        let last = sqlx::query_scalar("SELECT coalesce(max(row), 0) FROM events");
        Ok(LocalRow(last.fetch_one(&self.cache.pool()).await?))
    }
}

/// The row in SQLite.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    row: i64,
    gateway: String,
    epoch: String,
    seq: i64,
    topic: String,
    id: String,
    kind: String,
    subtype: Option<String>,
    pipeline_id: Option<String>,
    request_id: Option<String>,
    at_us: i64,
    title: String,
    raw: String,
    holes: String,
}

impl Row {
    /// The row in its types.
    pub(crate) fn read(self) -> Result<StoredEvent, StoreError> {
        Ok(StoredEvent {
            raw: from_json(&self.raw, "event", self.row)?,
            holes: from_json(&self.holes, "holes", self.row)?,
            row: LocalRow(self.row),
            gateway: gateway_id(&self.gateway)?,
            epoch: self.epoch,
            seq: self.seq,
            topic: self.topic,
            id: self.id,
            kind: self.kind,
            subtype: self.subtype,
            pipeline: self.pipeline_id.map(PipelineId),
            request: self.request_id.map(RequestId),
            at: from_us(self.at_us),
            title: self.title,
        })
    }
}
