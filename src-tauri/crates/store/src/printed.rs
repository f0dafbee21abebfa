//! The digest that `show` last printed in this data directory, request by request: what a script's `approve` is
//! measured against.

use crate::times::{from_us, to_us};
use crate::{Reader, Store, StoreError};
use chrono::{DateTime, Utc};
use domain::{Digest, RequestKey};

impl Store {
    /// Remembers what was printed last.
    pub async fn remember_printed(&self, key: &RequestKey, digest: &Digest) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO printed (gateway, request_id, digest, at_us) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (gateway, request_id) DO UPDATE SET digest = excluded.digest, at_us = excluded.at_us",
        )
        .bind(key.gateway.to_string())
        .bind(key.request.as_str())
        .bind(&digest.0)
        .bind(to_us(self.clock.now()))
        .execute(&self.writable()?)
        .await?;
        Ok(())
    }
}

impl Reader {
    /// When this request was printed last, if it ever was.
    pub async fn printed_at(&self, key: &RequestKey) -> Result<Option<DateTime<Utc>>, StoreError> {
        let at = sqlx::query_scalar("SELECT at_us FROM printed WHERE gateway = ?1 AND request_id = ?2")
            .bind(key.gateway.to_string())
            .bind(key.request.as_str())
            .fetch_optional(&self.decisions.pool())
            .await?;
        Ok(at.map(from_us))
    }

    /// The digest last printed for this request, if it ever was.
    pub async fn printed(&self, key: &RequestKey) -> Result<Option<Digest>, StoreError> {
        let digest = sqlx::query_scalar("SELECT digest FROM printed WHERE gateway = ?1 AND request_id = ?2")
            .bind(key.gateway.to_string())
            .bind(key.request.as_str())
            .fetch_optional(&self.decisions.pool())
            .await?;
        Ok(digest.map(Digest))
    }
}
