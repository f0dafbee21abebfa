//! Looking at decisions.

use super::row::{OutboxRow, Row};
use crate::{Reader, StoreError};
use domain::{DecisionId, OutboxState, RequestKey};

impl Reader {
    /// One decision.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<OutboxRow>, StoreError> {
        let row = Row::of(&mut *self.decisions.pool().acquire().await?, id).await?;
        row.map(Row::read).transpose()
    }

    /// The decisions that still hold their point, oldest first. They do not age out (rule 5).
    pub async fn open_decisions(&self) -> Result<Vec<OutboxRow>, StoreError> {
        // The words are the locking states' own; the partial index answers for the rest.
        let words: Vec<_> =
            OutboxState::ALL.into_iter().filter(|s| s.locks()).map(OutboxState::word).collect();
        let rows = sqlx::query_as(
            "SELECT * FROM outbox WHERE state IN (SELECT value FROM json_each(?1)) ORDER BY row",
        )
        .bind(crate::redacted::to_json(&words));
        read_all(rows.fetch_all(&self.decisions.pool()).await?)
    }

    /// All decisions on a request, oldest first.
    pub async fn decisions_for(&self, key: &RequestKey) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = sqlx::query_as("SELECT * FROM outbox WHERE gateway = ?1 AND request_id = ?2 ORDER BY row")
            .bind(key.gateway.to_string())
            .bind(key.request.as_str());
        read_all(rows.fetch_all(&self.decisions.pool()).await?)
    }

    /// The last `limit` decisions, newest first.
    pub async fn decisions(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = sqlx::query_as("SELECT * FROM outbox ORDER BY row DESC LIMIT ?1").bind(limit);
        read_all(rows.fetch_all(&self.decisions.pool()).await?)
    }
}

fn read_all(rows: Vec<Row>) -> Result<Vec<OutboxRow>, StoreError> {
    rows.into_iter().map(Row::read).collect()
}
