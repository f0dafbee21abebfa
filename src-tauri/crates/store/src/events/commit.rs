//! Writing a batch. SQLite is entered once per statement, not once per row: crossing into its thread costs more than
//! the row.

use super::{Batch, LocalRow, line};
use crate::approvals::Prepared;
use crate::times::to_us;
use crate::{File, Store, StoreError, approvals, cursors};
use domain::GatewayId;
use sqlx::SqliteConnection;

impl Store {
    /// Commits a batch: all of it or nothing, secrets taken out. Returns the numbers of the events that are new here,
    /// in order; one that was stored before is left as it is (F13). The cursor does not move backwards inside an
    /// epoch (I7).
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], after which neither the events nor the cursor have changed (F38).
    pub async fn commit(&self, batch: &Batch) -> Result<Vec<LocalRow>, StoreError> {
        self.noted(File::Cache, self.commit_once(batch).await)
    }

    async fn commit_once(&self, batch: &Batch) -> Result<Vec<LocalRow>, StoreError> {
        let key = &self.keys.redaction;
        let lines = line::lines(&batch.events, key);
        let approvals: Vec<Prepared> =
            batch.approvals.iter().map(|(a, as_of)| Prepared::of(a, *as_of, key)).collect();

        let mut tx = self.writable_cache()?.begin_with("BEGIN IMMEDIATE").await?;
        let new =
            if batch.events.is_empty() { Vec::new() } else { insert(&mut tx, batch.gateway, &lines).await? };
        for approval in &approvals {
            approvals::put(&mut tx, batch.gateway, approval, to_us(self.clock.now())).await?;
        }
        if let Some(cursor) = &batch.cursor {
            cursors::advance(&mut tx, batch.gateway, cursor).await?;
        }
        tx.commit().await?;
        Ok(new)
    }
}

async fn insert(
    conn: &mut SqliteConnection,
    gateway: GatewayId,
    lines: &str,
) -> Result<Vec<LocalRow>, StoreError> {
    let gateway = gateway.to_string();
    let last: i64 =
        sqlx::query_scalar("SELECT coalesce(max(row), 0) FROM events").fetch_one(&mut *conn).await?;
    sqlx::query(
        "INSERT INTO events (gateway, epoch, seq, topic, id, kind, subtype, pipeline_id, request_id, at_us, title,
                             raw, holes)
         SELECT ?1, e.value ->> 'epoch', e.value ->> 'seq', e.value ->> 'topic', e.value ->> 'id',
                e.value ->> 'kind', e.value ->> 'subtype', e.value ->> 'pipeline', e.value ->> 'request',
                e.value ->> 'at_us', e.value ->> 'title', e.value ->> 'raw', e.value ->> 'holes'
         FROM json_each(?2) AS e WHERE true ORDER BY e.key
         ON CONFLICT (gateway, epoch, id) DO NOTHING",
    )
    .bind(&gateway)
    .bind(lines)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO event_fts (rowid, body)
         SELECT s.row, e.value ->> 'body'
         FROM json_each(?2) AS e
         CROSS JOIN events AS s ON s.gateway = ?1 AND s.epoch = e.value ->> 'epoch' AND s.id = e.value ->> 'id'
         WHERE s.row > ?3 ORDER BY s.row",
    )
    .bind(&gateway)
    .bind(lines)
    .bind(last)
    .execute(&mut *conn)
    .await?;
    let rows: Vec<i64> = sqlx::query_scalar("SELECT row FROM events WHERE row > ?1 ORDER BY row")
        .bind(last)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(LocalRow).collect())
}
