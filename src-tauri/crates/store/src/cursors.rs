//! How far the stream of each gateway has been committed. Written only together with the events it stands for.

use crate::{Reader, Store, StoreError};
use domain::GatewayId;
use sqlx::SqliteConnection;

/// A place in a gateway's stream (CONTRACT 2).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Cursor {
    /// The stream's epoch.
    pub epoch: String,
    /// The last committed event's number.
    pub seq: i64,
    /// Its id, to be compared by the gateway.
    pub last_id: Option<String>,
}

impl Reader {
    /// Where the stream stands; `None` before the first event and after a reset.
    pub async fn cursor(&self, gateway: GatewayId) -> Result<Option<Cursor>, StoreError> {
        let row = sqlx::query_as("SELECT epoch, seq, last_id FROM cursors WHERE gateway = ?1");
        Ok(row.bind(gateway.to_string()).fetch_optional(&self.cache.pool()).await?)
    }
}

impl Store {
    /// Forgets where the stream stands: the gateway said `reset`, and a snapshot comes first.
    pub async fn reset_cursor(&self, gateway: GatewayId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM cursors WHERE gateway = ?1")
            .bind(gateway.to_string())
            .execute(&self.writable_cache()?)
            .await?;
        Ok(())
    }
}

/// Moves the cursor, inside an epoch only forwards (I7).
pub(crate) async fn advance(
    conn: &mut SqliteConnection,
    gateway: GatewayId,
    cursor: &Cursor,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO cursors (gateway, epoch, seq, last_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (gateway) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, last_id = excluded.last_id
         WHERE cursors.epoch <> excluded.epoch OR excluded.seq > cursors.seq",
    )
    .bind(gateway.to_string())
    .bind(&cursor.epoch)
    .bind(cursor.seq)
    .bind(&cursor.last_id)
    .execute(conn)
    .await?;
    Ok(())
}
