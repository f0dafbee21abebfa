//! What a person has set and the engine goes by, as named JSON values. What they mean is the engine's.

use crate::redacted::to_json;
use crate::{Reader, Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Store {
    /// Keeps a setting in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and its like; then the one before stands.
    pub async fn keep_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(to_json(value))
        .execute(&self.writable()?)
        .await?;
        Ok(())
    }
}

impl Reader {
    /// The setting of that name; `None` if it was never set, or if this build cannot read it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let kept: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE name = ?1")
            .bind(name)
            .fetch_optional(&self.decisions.pool())
            .await?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
    }
}
