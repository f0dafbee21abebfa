//! What was found wrong with the files or with a gateway's audit chain, in sentences for people. Kept, so that whoever
//! opens the console next is told as well.

use crate::times::{from_us, to_us};
use crate::{Reader, StoreError};
use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `cache.db` was damaged and begun anew.
    CacheRebuilt,
    /// `decisions.db` was damaged; what could be read was taken over.
    DecisionsSalvaged,
    /// A row of `decisions.db` is not what was written here (A27).
    RowChanged,
    /// The chain of receipts does not hold.
    ReceiptsBroken,
    /// A gateway's audit chain went back or was rewritten.
    GatewayAudit,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When it was found.
    pub at: DateTime<Utc>,
    /// What kind.
    pub kind: Kind,
    /// What it is about; the same subject is told once.
    pub subject: String,
    /// What happened, to what, and what to do.
    pub sentence: String,
}

impl Kind {
    const ALL: [Kind; 5] = [
        Kind::CacheRebuilt,
        Kind::DecisionsSalvaged,
        Kind::RowChanged,
        Kind::ReceiptsBroken,
        Kind::GatewayAudit,
    ];

    /// The word on disk and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::CacheRebuilt => "cache_rebuilt",
            Kind::DecisionsSalvaged => "decisions_salvaged",
            Kind::RowChanged => "row_changed",
            Kind::ReceiptsBroken => "receipts_broken",
            Kind::GatewayAudit => "gateway_audit",
        }
    }
}

impl Reader {
    /// The last `limit` incidents, newest first. A word that this build does not know is left out.
    pub async fn incidents(&self, limit: u32) -> Result<Vec<Incident>, StoreError> {
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as("SELECT at_us, kind, subject, sentence FROM incidents ORDER BY row DESC LIMIT ?1")
                .bind(limit)
                .fetch_all(&self.decisions.pool())
                .await?;
        let read = |(at_us, word, subject, sentence): (i64, String, String, String)| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word)?;
            Some(Incident { at: from_us(at_us), kind, subject, sentence })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

/// Writes an incident down, unless the same thing was told before.
pub(crate) async fn note(conn: &mut SqliteConnection, incident: &Incident) -> Result<(), StoreError> {
    tracing::warn!(kind = incident.kind.word(), subject = incident.subject, "{}", incident.sentence);
    sqlx::query(
        "INSERT INTO incidents (at_us, kind, subject, sentence) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (kind, subject) DO NOTHING",
    )
    .bind(to_us(incident.at))
    .bind(incident.kind.word())
    .bind(&incident.subject)
    .bind(&incident.sentence)
    .execute(conn)
    .await?;
    Ok(())
}
