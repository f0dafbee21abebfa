//! Whole lists as last read from a gateway, each with its as-of time: runbook actions, error mappings, pipelines. A
//! list is replaced whole; nothing of it outlives the reading in which it is missing.

use crate::redacted::{Redacted, from_json};
use crate::times::{from_us, to_us};
use crate::{Reader, Store, StoreError};
use chrono::{DateTime, Utc};
use domain::registry::ErrorMapping;
use domain::{GatewayId, PipelineId, RemediationAction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A list of one pipeline as last read; redacted.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// Whose.
    pub pipeline: PipelineId,
    /// In the gateway's order.
    pub items: Vec<T>,
    /// When it was read.
    pub as_of: DateTime<Utc>,
}

/// A pipeline as the gateway lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineEntry {
    /// Its id.
    pub id: PipelineId,
    /// For people.
    pub name: String,
    /// All the gateway says: status, owner_ids, viewer_ids and whatever else.
    pub raw: Value,
}

const ACTIONS: &str = "actions";
const MAPPINGS: &str = "mappings";
const PIPELINES: &str = "pipelines";
const OPEN: &str = "open";

impl Store {
    /// Replaces the runbook actions of a pipeline.
    pub async fn put_actions(
        &self,
        gateway: GatewayId,
        pipeline: &PipelineId,
        actions: &[RemediationAction],
        as_of: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.put(ACTIONS, gateway, pipeline, actions, as_of).await
    }

    /// Replaces the error mappings of a pipeline.
    pub async fn put_mappings(
        &self,
        gateway: GatewayId,
        pipeline: &PipelineId,
        mappings: &[ErrorMapping],
        as_of: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.put(MAPPINGS, gateway, pipeline, mappings, as_of).await
    }

    /// Replaces the list of pipelines.
    pub async fn put_pipelines(
        &self,
        gateway: GatewayId,
        pipelines: &[PipelineEntry],
        as_of: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.put(PIPELINES, gateway, &PipelineId::default(), pipelines, as_of).await
    }

    /// Notes that every open request was read then: only that makes a cached list of them whole, an empty one above all.
    pub async fn note_open_read(&self, gateway: GatewayId, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        let nothing: &[Value] = &[];
        self.put(OPEN, gateway, &PipelineId::default(), nothing, as_of).await
    }

    /// An older reading does not replace a newer one, unless it is from the future: the clock was set back then (F34).
    async fn put(
        &self,
        kind: &'static str,
        gateway: GatewayId,
        pipeline: &PipelineId,
        items: &[impl Serialize],
        as_of: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO listings (kind, gateway, pipeline_id, items, as_of_us) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (kind, gateway, pipeline_id) DO UPDATE
             SET items = excluded.items, as_of_us = excluded.as_of_us
             WHERE excluded.as_of_us >= listings.as_of_us OR listings.as_of_us > ?6",
        )
        .bind(kind)
        .bind(gateway.to_string())
        .bind(pipeline.as_str())
        .bind(Redacted::of(&items, &self.keys.redaction).json())
        .bind(to_us(as_of))
        .bind(to_us(self.clock.now()))
        .execute(&self.writable_cache()?)
        .await?;
        Ok(())
    }
}

impl Reader {
    /// The runbook actions, pipeline by pipeline.
    pub async fn actions(&self, gateway: GatewayId) -> Result<Vec<Listing<RemediationAction>>, StoreError> {
        self.listings(ACTIONS, gateway).await
    }

    /// The error mappings, pipeline by pipeline.
    pub async fn mappings(&self, gateway: GatewayId) -> Result<Vec<Listing<ErrorMapping>>, StoreError> {
        self.listings(MAPPINGS, gateway).await
    }

    /// The pipelines; `None` if they were never read. The listing's own `pipeline` is empty.
    pub async fn pipelines(&self, gateway: GatewayId) -> Result<Option<Listing<PipelineEntry>>, StoreError> {
        Ok(self.listings(PIPELINES, gateway).await?.pop())
    }

    /// When every open request was read last; `None` if that never was.
    pub async fn open_read_at(&self, gateway: GatewayId) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.listings::<Value>(OPEN, gateway).await?.pop().map(|listing| listing.as_of))
    }

    async fn listings<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        gateway: GatewayId,
    ) -> Result<Vec<Listing<T>>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT pipeline_id, items, as_of_us FROM listings WHERE kind = ?1 AND gateway = ?2
             ORDER BY pipeline_id",
        )
        .bind(kind)
        .bind(gateway.to_string())
        .fetch_all(&self.cache.pool())
        .await?;
        let read = |(pipeline, items, as_of_us): (String, String, i64)| {
            let items = from_json(&items, kind, &pipeline)?;
            Ok(Listing { pipeline: PipelineId(pipeline), items, as_of: from_us(as_of_us) })
        };
        rows.into_iter().map(read).collect()
    }
}
