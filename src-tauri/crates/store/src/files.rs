//! How the two files are opened: write-ahead log, foreign keys, a busy time-out, and a SQLite that can be trusted.

use crate::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;

/// SQLite before this has a write-ahead-log reset bug that corrupts the file.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// F37: what the write-ahead log may keep on disk after a checkpoint.
const WAL_LIMIT_BYTES: &str = "67108864";
const READERS: u32 = 4;

/// The one connection that writes a file.
pub(crate) async fn writer(path: &Path, synchronous: SqliteSynchronous) -> Result<SqlitePool, StoreError> {
    let options = base(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .pragma("journal_size_limit", WAL_LIMIT_BYTES);
    let pool = lasting().max_connections(1).connect_with(options).await?;
    assert_version(&mut *pool.acquire().await?).await?;
    Ok(pool)
}

/// One connection to a file that nobody else knows: no write-ahead log of its own making, no foreign keys, for the rows
/// of a damaged file may have lost what they point to.
pub(crate) async fn single_file(
    path: &Path,
    synchronous: SqliteSynchronous,
) -> Result<SqlitePool, StoreError> {
    let options = base(path).foreign_keys(false).synchronous(synchronous);
    Ok(lasting().max_connections(1).connect_with(options).await?)
}

/// Connections that cannot write.
pub(crate) async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    let pool = lasting().max_connections(READERS).connect_with(base(path).read_only(true)).await?;
    assert_version(&mut *pool.acquire().await?).await?;
    Ok(pool)
}

fn base(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(BUSY_TIMEOUT)
}

/// A pool of local file handles: nothing to probe, nothing to age. A connection on which a transaction did not end is
/// not used again: a full disk makes SQLite roll back by itself, and whoever counts transactions miscounts from then on.
fn lasting() -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    pool.after_release(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
}

async fn assert_version(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(conn).await?;
    if new_enough(&found) { Ok(()) } else { Err(StoreError::SqliteTooOld { found }) }
}

fn new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_SQLITE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sqlite_3_51_3_or_newer_is_trusted() {
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0", "3.53"] {
            assert!(new_enough(good), "{good}");
        }
        for bad in ["3.51.2", "3.50.9", "3.9.3", "2.99.99", "", "x"] {
            assert!(!new_enough(bad), "{bad}");
        }
    }
}
