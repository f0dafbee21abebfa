//! The receipt chain on disk (rule 10). A receipt is appended only inside the transaction of what it attests.

use crate::redacted::to_json;
use crate::{Reader, StoreError};
use chrono::{DateTime, Utc};
use domain::DecisionId;
use domain::receipt::{BadReceipt, Device, Fact, Flaw, Head, Receipt, Verified, Walk};
use sqlx::SqliteConnection;

/// Receipts read at once on a walk: as many as fit into memory in any case.
const PAGE: u32 = 500;

/// A receipt as it lies on disk.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    seq: i64,
    /// Bytes, for a damaged text may be none any more; the walk names it.
    hash: Vec<u8>,
    json: Vec<u8>,
}

impl Row {
    /// The receipt, if it can be read and is the one its number and hash say.
    pub(crate) fn read(&self) -> Option<Receipt> {
        let receipt: Receipt = serde_json::from_slice(&self.json).ok()?;
        let same = receipt.seq.cast_signed() == self.seq && receipt.hash.as_bytes() == self.hash;
        same.then_some(receipt)
    }
}

impl Reader {
    /// At most `limit` receipts after number `after`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for a receipt that cannot be decoded; [`Reader::verify`] names it as a finding.
    pub async fn receipts_after(&self, after: u64, limit: u32) -> Result<Vec<Receipt>, StoreError> {
        let rows = self.receipt_rows(after, limit).await?;
        let read = |row: &Row| {
            serde_json::from_slice(&row.json).map_err(|e| StoreError::unreadable("receipt", row.seq, e))
        };
        rows.iter().map(read).collect()
    }

    /// The whole chain, oldest first.
    ///
    /// # Errors
    /// As [`Reader::receipts_after`].
    pub async fn receipts(&self) -> Result<Vec<Receipt>, StoreError> {
        self.receipts_after(0, u32::MAX).await
    }

    /// The receipts of one decision, oldest first. What cannot be read is left out.
    pub async fn receipts_of(&self, decision: DecisionId) -> Result<Vec<Receipt>, StoreError> {
        of_decision(&mut *self.decisions.pool().acquire().await?, &decision.to_string()).await
    }

    /// The end of the chain, to be exported and compared later.
    pub async fn head(&self) -> Result<Head, StoreError> {
        head(&mut *self.decisions.pool().acquire().await?).await
    }

    /// Walks the chain, and sees that everything that was exported once is still in it. The inner error names the
    /// first bad receipt.
    pub async fn verify(&self) -> Result<Result<Verified, BadReceipt>, StoreError> {
        let heads = self.exports().await?.into_iter().map(|export| export.head).collect();
        self.verify_against(heads).await
    }

    /// The same with the heads that a person kept elsewhere.
    pub async fn verify_against(&self, heads: Vec<Head>) -> Result<Result<Verified, BadReceipt>, StoreError> {
        let mut walk = Walk::against(heads);
        let mut after = 0;
        loop {
            let rows = self.receipt_rows(after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(walk.end()) };
            let next = last.seq.unsigned_abs();
            if next <= after {
                return Ok(Err(BadReceipt { seq: after + 1, why: Flaw::Sequence }));
            }
            after = next;
            for row in &rows {
                if let Err(bad) = take(&mut walk, row) {
                    return Ok(Err(bad));
                }
            }
        }
    }

    async fn receipt_rows(&self, after: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT seq, CAST(hash AS BLOB) AS hash, CAST(json AS BLOB) AS json FROM receipts WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        );
        Ok(rows.bind(after.cast_signed()).bind(limit).fetch_all(&self.decisions.pool()).await?)
    }
}

/// One more step; a receipt that cannot be decoded is bad, and so is one that its columns contradict.
fn take(walk: &mut Walk, row: &Row) -> Result<(), BadReceipt> {
    let bad = |why| BadReceipt { seq: row.seq.unsigned_abs(), why };
    let receipt: Receipt = serde_json::from_slice(&row.json).map_err(|_| bad(Flaw::Unreadable))?;
    walk.take(&receipt)?;
    if row.read().is_some() { Ok(()) } else { Err(bad(Flaw::Content)) }
}

/// The receipts of one decision, oldest first.
pub(crate) async fn of_decision(
    conn: &mut SqliteConnection,
    decision: &str,
) -> Result<Vec<Receipt>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT seq, CAST(hash AS BLOB) AS hash, CAST(json AS BLOB) AS json FROM receipts WHERE decision = ?1 ORDER BY seq")
            .bind(decision)
            .fetch_all(conn)
            .await?;
    Ok(rows.iter().filter_map(Row::read).collect())
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

async fn head(conn: &mut SqliteConnection) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> =
        sqlx::query_as("SELECT seq, hash FROM receipts ORDER BY seq DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(last.map_or_else(Head::default, |(seq, hash)| Head { seq: seq.unsigned_abs(), hash }))
}

/// The announcements of keys, oldest first. What cannot be read is left out.
pub(crate) async fn announcements(conn: &mut SqliteConnection) -> Result<Vec<Receipt>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT seq, CAST(hash AS BLOB) AS hash, CAST(json AS BLOB) AS json FROM receipts WHERE kind = 'key_change' ORDER BY seq")
            .fetch_all(conn)
            .await?;
    Ok(rows.iter().filter_map(Row::read).collect())
}

/// The key that signs now. An announcement that cannot be read does not count: it is made again.
async fn announced_key(conn: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let last: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT CAST(json AS BLOB) FROM receipts WHERE kind = 'key_change' ORDER BY seq DESC LIMIT 1",
    )
    .fetch_optional(conn)
    .await?;
    let receipt = last.and_then(|json| serde_json::from_slice::<Receipt>(&json).ok());
    Ok(receipt.and_then(|receipt| match receipt.fact {
        Fact::KeyChange { public_key, .. } => Some(public_key),
        Fact::Decided { .. } | Fact::Outcome { .. } => None,
    }))
}

/// Puts a sealed receipt onto disk.
pub(crate) async fn insert(conn: &mut SqliteConnection, receipt: Receipt) -> Result<Head, StoreError> {
    sqlx::query("INSERT INTO receipts (seq, kind, hash, json, decision) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(receipt.seq as i64)
        .bind(kind(&receipt.fact))
        .bind(&receipt.hash)
        .bind(to_json(&receipt))
        .bind(decision(&receipt.fact).map(|decision| decision.to_string()))
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

/// The decision a receipt is about.
pub(crate) fn decision(fact: &Fact) -> Option<DecisionId> {
    match fact {
        Fact::Decided { decision, .. } | Fact::Outcome { decision, .. } => Some(*decision),
        Fact::KeyChange { .. } => None,
    }
}
