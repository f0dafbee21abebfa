//! The searchable past: events from the cache, decisions from their own file, so that a decision is found offline and
//! after the cache was rebuilt. Newest first, never by relevance: that would have to rank every match.

use crate::events::{self, StoredEvent};
use crate::outbox::{self, OutboxRow};
use crate::query::{self, Ask};
use crate::{Reader, StoreError};
use chrono::{DateTime, Utc};

/// One line of the past.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryEntry {
    /// Something the gateway said.
    Event(Box<StoredEvent>),
    /// Something decided here.
    Decision {
        /// The decision and how far it has come.
        row: Box<OutboxRow>,
        /// The error that asked for it, as it was shown; redacted. Hostile text.
        error_message: String,
    },
}

impl HistoryEntry {
    /// The gateway's time of an event, this device's time of a decision.
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            HistoryEntry::Event(event) => event.at,
            HistoryEntry::Decision { row, .. } => row.created_at,
        }
    }
}

impl Reader {
    /// What matches every word of `typed`, newest first, at most `limit`. A blank query gives whatever is newest, one
    /// without any letter or digit gives nothing; no query is an error (A31).
    pub async fn search(&self, typed: &str, limit: u32) -> Result<Vec<HistoryEntry>, StoreError> {
        let (events, decisions) = match query::parse(typed) {
            Ask::Nothing => return Ok(Vec::new()),
            Ask::Everything => (self.newest_events(limit).await?, self.newest_decisions(limit).await?),
            Ask::Match(words) => {
                (self.matching_events(&words, limit).await?, self.matching_decisions(&words, limit).await?)
            }
        };
        let mut found = Vec::with_capacity(events.len() + decisions.len());
        for decision in decisions {
            found.push(decision.read()?);
        }
        for event in events {
            found.push(HistoryEntry::Event(Box::new(event.read()?)));
        }
        // Stable: what has the same time keeps the order of its commit.
        found.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn newest_events(&self, limit: u32) -> Result<Vec<events::Row>, StoreError> {
        let rows = sqlx::query_as("SELECT * FROM events ORDER BY row DESC LIMIT ?1").bind(limit);
        Ok(rows.fetch_all(&self.cache.pool()).await?)
    }

    async fn matching_events(&self, words: &str, limit: u32) -> Result<Vec<events::Row>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT events.* FROM event_fts JOIN events ON events.row = event_fts.rowid
             WHERE event_fts MATCH ?1 ORDER BY event_fts.rowid DESC LIMIT ?2",
        );
        Ok(rows.bind(words).bind(limit).fetch_all(&self.cache.pool()).await?)
    }

    async fn newest_decisions(&self, limit: u32) -> Result<Vec<DecisionRow>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT outbox.*, shown.error_message
             FROM outbox JOIN shown USING (decision) ORDER BY row DESC LIMIT ?1",
        );
        Ok(rows.bind(limit).fetch_all(&self.decisions.pool()).await?)
    }

    async fn matching_decisions(&self, words: &str, limit: u32) -> Result<Vec<DecisionRow>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT outbox.*, shown.error_message
             FROM decision_fts JOIN outbox ON outbox.row = decision_fts.rowid JOIN shown USING (decision)
             WHERE decision_fts MATCH ?1 ORDER BY decision_fts.rowid DESC LIMIT ?2",
        );
        Ok(rows.bind(words).bind(limit).fetch_all(&self.decisions.pool()).await?)
    }
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    #[sqlx(flatten)]
    row: outbox::Row,
    error_message: String,
}

impl DecisionRow {
    fn read(self) -> Result<HistoryEntry, StoreError> {
        Ok(HistoryEntry::Decision { row: Box::new(self.row.read()?), error_message: self.error_message })
    }
}
