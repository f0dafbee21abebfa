//! What is peculiar to SQLite: opening, pragmas, how a write transaction begins. Nothing else in this crate knows which
//! database it is on.

use super::{Conn, Db, Pool};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A write takes its lock at once: a lock taken later could fail in mid-decision.
pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// Earlier versions can lose a committed transaction when the log is reset.
const LEAST_VERSION: (u32, u32, u32) = (3, 51, 3);
const READERS: u32 = 4;

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    File(PathBuf),
}

/// Why a database address is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFailure {
    #[error("the address names {0}, which this build does not speak: use sqlite:PATH")]
    Scheme(String),
    #[error("SQLite {0} is too old and can lose committed data; 3.51.3 or newer is needed")]
    Version(String),
    #[error("the file {path} could not be created")]
    File { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Schema(#[from] sqlx::migrate::MigrateError),
}

/// Reads `sqlite:PATH`, `sqlite::memory:` or a plain path.
pub(crate) fn place(address: &str) -> Result<Place, OpenFailure> {
    let rest = match address.split_once(':') {
        Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme @ ("postgres" | "postgresql" | "mysql"), _)) => {
            return Err(OpenFailure::Scheme(scheme.to_owned()));
        }
        _ => address,
    };
    Ok(if rest == ":memory:" { Place::Memory } else { Place::File(PathBuf::from(rest)) })
}

/// Opens the database, creating it private to its owner, and brings its schema up to date.
pub(crate) async fn open(place: &Place, retained_events: u64) -> Result<Db, OpenFailure> {
    let (read, write, anchor) = match place {
        Place::Memory => {
            // A name of its own and a cache that connections share.
            let options: SqliteConnectOptions = "sqlite::memory:".parse()?;
            let anchor: Conn = options.connect().await?;
            let only = pool(options, 1).await?;
            (only.clone(), only, Some(Arc::new(anchor)))
        }
        Place::File(path) => {
            create_private(path).map_err(|source| OpenFailure::File { path: path.clone(), source })?;
            let options = SqliteConnectOptions::new()
                .filename(path)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let write = pool(options.clone(), 1).await?;
            (pool(options, READERS).await?, write, None)
        }
    };
    assert_version(&write).await?;
    sqlx::migrate!("./migrations").run(&write).await?;
    Ok(Db { read, write, turn: Arc::default(), retained_events, _anchor: anchor })
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<Pool, sqlx::Error> {
    let options = options.foreign_keys(true).busy_timeout(Duration::from_secs(10));
    // Connections never retire: opening one costs more than keeping it.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
}

async fn assert_version(pool: &Pool) -> Result<(), OpenFailure> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < LEAST_VERSION { Err(OpenFailure::Version(version)) } else { Ok(()) }
}

/// Password hashes and signing keys are in there: readable by its owner only.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_sqlite_url_or_a_path() {
        let read = |address| place(address).expect("an address");
        assert_eq!(read("sqlite::memory:"), Place::Memory);
        assert_eq!(read("sqlite:a/b.db"), Place::File("a/b.db".into()));
        assert_eq!(read("sqlite:///var/b.db"), Place::File("/var/b.db".into()));
        assert_eq!(read("b.db"), Place::File("b.db".into()));
        assert!(matches!(place("postgres://h/db"), Err(OpenFailure::Scheme(_))));
    }

    async fn workflows(db: &Db) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT COUNT(*) FROM workflows").fetch_one(&db.read).await
    }

    #[tokio::test]
    async fn a_database_in_memory_outlives_its_connections() {
        let db = open(&Place::Memory, 10).await.expect("it opens");
        let other = open(&Place::Memory, 10).await.expect("it opens");
        sqlx::query("DROP TABLE workflows").execute(&other.write).await.expect("its own tables");
        db.write.acquire().await.expect("a connection").close().await.expect("closed");
        assert_eq!(workflows(&db).await.expect("its tables are there"), 0);
        assert!(workflows(&other).await.is_err(), "two databases in memory are two");
    }
}
