//! How much is kept, for whoever helps.

use crate::{Reader, StoreError};
use sqlx::SqlitePool;

/// Versions and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Schema version of `decisions.db`.
    pub decisions_schema: i64,
    /// Schema version of `cache.db`.
    pub cache_schema: i64,
    /// The SQLite in use.
    pub sqlite: String,
    /// Events kept.
    pub events: i64,
    /// Decisions kept.
    pub decisions: i64,
    /// Those of them that still hold their point.
    pub open_decisions: i64,
    /// Receipts kept.
    pub receipts: i64,
    /// Requests that were open when last read.
    pub open_requests: i64,
}

impl Reader {
    /// Counts.
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let (decisions, cache) = (self.decisions.pool(), self.cache.pool());
        let sqlite = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&decisions).await?;
        Ok(Figures {
            decisions_schema: number(&decisions, "SELECT schema_version FROM meta").await?,
            cache_schema: number(&cache, "SELECT schema_version FROM meta").await?,
            sqlite,
            events: number(&cache, "SELECT count(*) FROM events").await?,
            decisions: number(&decisions, "SELECT count(*) FROM outbox").await?,
            open_decisions: self.open_decisions().await?.len() as i64,
            receipts: number(&decisions, "SELECT count(*) FROM receipts").await?,
            open_requests: number(&cache, "SELECT count(*) FROM approvals WHERE standing = 'open'").await?,
        })
    }
}

async fn number(pool: &SqlitePool, sql: &'static str) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}
