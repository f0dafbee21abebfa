//! Where the chain of receipts ended each time it was exported: up to there a cut or a rewrite can be found (rule 10).

use crate::times::{from_us, to_us};
use crate::{Reader, Store, StoreError};
use chrono::{DateTime, Utc};
use domain::receipt::Head;

/// One export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The last receipt in it.
    pub head: Head,
    /// When it was made, by this device's clock.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Remembers that the receipts were exported up to there. The first export of a number is the one that counts.
    ///
    /// # Errors
    /// [`StoreError::NoSuchReceipt`] when the chain here has no such receipt.
    pub async fn remember_export(&self, head: &Head) -> Result<(), StoreError> {
        let decisions = self.writable()?;
        let mut tx = decisions.begin_with("BEGIN IMMEDIATE").await?;
        let here: i64 = sqlx::query_scalar("SELECT count(*) FROM receipts WHERE seq = ?1 AND hash = ?2")
            .bind(head.seq.cast_signed())
            .bind(&head.hash)
            .fetch_one(&mut *tx)
            .await?;
        if here == 0 {
            return Err(StoreError::NoSuchReceipt(head.seq));
        }
        sqlx::query(
            "INSERT INTO exports (seq, hash, at_us) VALUES (?1, ?2, ?3) ON CONFLICT (seq) DO NOTHING",
        )
        .bind(head.seq.cast_signed())
        .bind(&head.hash)
        .bind(to_us(self.clock.now()))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

impl Reader {
    /// All exports, oldest first.
    pub async fn exports(&self) -> Result<Vec<Export>, StoreError> {
        let rows: Vec<(i64, String, i64)> =
            sqlx::query_as("SELECT seq, hash, at_us FROM exports ORDER BY seq")
                .fetch_all(&self.decisions.pool())
                .await?;
        let read = |(seq, hash, at_us): (i64, String, i64)| Export {
            head: Head { seq: seq.unsigned_abs(), hash },
            at: from_us(at_us),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
