//! SQLite's own check of a file's pages (F40).

use crate::{Reader, StoreError, files};
use sqlx::SqliteConnection;
use std::path::Path;

/// A cache larger than this is not walked through at each start; a page that cannot be read shows itself when it is used.
const LARGEST_CHECKED_BYTES: i64 = 256 * 1024 * 1024;

impl Reader {
    /// Walks through the cache's pages, unless there are too many.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the first thing that is wrong.
    pub async fn check_cache(&self) -> Result<(), StoreError> {
        let mut conn = self.cache.pool().acquire().await?;
        let bytes: i64 =
            sqlx::query_scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
                .fetch_one(&mut *conn)
                .await?;
        if bytes > LARGEST_CHECKED_BYTES { Ok(()) } else { quick(&mut conn).await }
    }
}

/// `PRAGMA quick_check`; what it finds is an error like one that SQLite meets by itself.
pub(crate) async fn quick(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let said: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(conn).await?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt(sqlx::Error::Protocol(said))) }
}

/// The same over a connection of its own: one that has been in use for long looks at its memory, not at the disk.
pub(crate) async fn anew(path: &Path) -> Result<(), StoreError> {
    let pool = files::readers(path).await?;
    let checked = match pool.acquire().await {
        Ok(mut conn) => quick(&mut conn).await,
        Err(error) => Err(error.into()),
    };
    pool.close().await;
    checked
}
