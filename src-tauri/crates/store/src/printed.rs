//! The request that `show` last printed in this data directory: its digest is what a script's `approve` is measured
//! against, its fields are what a change is told by.

use crate::redacted::{Redacted, from_json};
use crate::times::to_us;
use crate::{Reader, Store, StoreError};
use domain::difference::differences;
use domain::redact::{Hole, MARK};
use domain::{Approval, Difference, Digest, RequestKey};
use serde_json::Value;

impl Store {
    /// Remembers what was printed last. Kept redacted.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and its like.
    pub async fn remember_printed(
        &self,
        key: &RequestKey,
        digest: &Digest,
        printed: &Approval,
    ) -> Result<(), StoreError> {
        let redacted = Redacted::of(printed, &self.keys.redaction);
        sqlx::query(
            "INSERT INTO printed (gateway, request_id, digest, at_us, approval, holes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (gateway, request_id) DO UPDATE SET digest = excluded.digest, at_us = excluded.at_us,
                 approval = excluded.approval, holes = excluded.holes",
        )
        .bind(key.gateway.to_string())
        .bind(key.request.as_str())
        .bind(&digest.0)
        .bind(to_us(self.clock.now()))
        .bind(redacted.json())
        .bind(redacted.holes_json())
        .execute(&self.writable()?)
        .await?;
        Ok(())
    }

    /// What differs between `now` and what was printed last; `None` if it never was. Secrets are compared by their keyed
    /// hashes and never told.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn since_printed(
        &self,
        key: &RequestKey,
        now: &Approval,
    ) -> Result<Option<Vec<Difference>>, StoreError> {
        let row: Option<(Option<String>, Option<String>)> =
            sqlx::query_as("SELECT approval, holes FROM printed WHERE gateway = ?1 AND request_id = ?2")
                .bind(key.gateway.to_string())
                .bind(key.request.as_str())
                .fetch_optional(&self.decisions.pool())
                .await?;
        let Some((Some(approval), Some(holes))) = row else { return Ok(None) };
        let value: Value = from_json(&approval, "request as printed", &key.request)?;
        let holes: Vec<Hole> = from_json(&holes, "holes", &key.request)?;
        let now = Redacted::of(now, &self.keys.redaction);
        let (Some(before), Some(after)) = (told_apart(value, &holes), told_apart(now.value, &now.holes))
        else {
            return Ok(None);
        };
        Ok(Some(differences(&before, &after)))
    }
}

/// Each hole says which secret it was, so that another one in its place is a difference.
fn told_apart(mut value: Value, holes: &[Hole]) -> Option<Approval> {
    for hole in holes {
        if let Some(Value::String(text)) = value.pointer_mut(&hole.pointer) {
            let mark = format!("[redacted {}]", hole.keyed_hash.get(..6).unwrap_or_default());
            *text = text.replacen(MARK, &mark, 1);
        }
    }
    serde_json::from_value(value).ok()
}

impl Reader {
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
