//! The receipt chain on disk (rule 10). A receipt is appended only inside the transaction of what it attests.

use crate::redacted::{from_json, to_json};
use crate::{Reader, StoreError};
use chrono::{DateTime, Utc};
use domain::receipt::{self, BadReceipt, Device, Fact, Flaw, Head, Receipt, Verified};
use sqlx::SqliteConnection;

impl Reader {
    /// The whole chain, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for a receipt that cannot be decoded; [`Reader::verify`] names it as a finding.
    pub async fn receipts(&self) -> Result<Vec<Receipt>, StoreError> {
        let rows = self.receipt_rows().await?;
        rows.iter().map(|(seq, json)| from_json(json, "receipt", seq)).collect()
    }

    /// The end of the chain, to be exported and compared later.
    pub async fn head(&self) -> Result<Head, StoreError> {
        head(&mut *self.decisions.acquire().await?).await
    }

    /// Walks the chain. The inner error names the first bad receipt.
    pub async fn verify(&self) -> Result<Result<Verified, BadReceipt>, StoreError> {
        Ok(judge(&self.receipt_rows().await?))
    }

    async fn receipt_rows(&self) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query_as("SELECT seq, json FROM receipts ORDER BY seq");
        Ok(rows.fetch_all(&self.decisions).await?)
    }
}

/// Seals a fact onto the chain, after announcing the device's key if another one, or none, was announced last.
pub(crate) async fn append(
    conn: &mut SqliteConnection,
    device: &Device,
    at: DateTime<Utc>,
    fact: Fact,
) -> Result<(), StoreError> {
    let mut head = head(conn).await?;
    if announced_key(conn).await?.as_deref() != Some(device.public_key().as_str()) {
        head = insert(conn, device.seal(&head, at, device.announcement())).await?;
    }
    insert(conn, device.seal(&head, at, fact)).await?;
    Ok(())
}

/// A receipt that cannot be decoded is bad, but one before it that is bad comes first.
fn judge(rows: &[(i64, String)]) -> Result<Verified, BadReceipt> {
    let mut chain: Vec<Receipt> = Vec::with_capacity(rows.len());
    let mut unreadable = None;
    for (seq, json) in rows {
        match serde_json::from_str(json) {
            Ok(receipt) => chain.push(receipt),
            Err(_) => {
                unreadable = Some(BadReceipt { seq: seq.unsigned_abs(), why: Flaw::Unreadable });
                break;
            }
        }
    }
    let found = receipt::verify(&chain)?;
    unreadable.map_or(Ok(found), Err)
}

async fn head(conn: &mut SqliteConnection) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> =
        sqlx::query_as("SELECT seq, hash FROM receipts ORDER BY seq DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(last.map_or_else(Head::default, |(seq, hash)| Head { seq: seq.unsigned_abs(), hash }))
}

/// The key that signs now. An announcement that cannot be read does not count: it is made again.
async fn announced_key(conn: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let last: Option<String> =
        sqlx::query_scalar("SELECT json FROM receipts WHERE kind = 'key_change' ORDER BY seq DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    let receipt = last.and_then(|json| serde_json::from_str::<Receipt>(&json).ok());
    Ok(receipt.and_then(|receipt| match receipt.fact {
        Fact::KeyChange { public_key, .. } => Some(public_key),
        Fact::Decided { .. } | Fact::Outcome { .. } => None,
    }))
}

async fn insert(conn: &mut SqliteConnection, receipt: Receipt) -> Result<Head, StoreError> {
    sqlx::query("INSERT INTO receipts (seq, kind, hash, json) VALUES (?1, ?2, ?3, ?4)")
        .bind(receipt.seq as i64)
        .bind(kind(&receipt.fact))
        .bind(&receipt.hash)
        .bind(to_json(&receipt))
        .execute(conn)
        .await?;
    Ok(receipt.head())
}

fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Decided { .. } => "decided",
        Fact::Outcome { .. } => "outcome",
        Fact::KeyChange { .. } => "key_change",
    }
}
