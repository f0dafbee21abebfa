//! The migrations of both files, and who may write which version (F41, F42).
//!
//! Each step is additive and runs in a transaction of its own together with the version it leads to, so that a killed
//! migration goes on where it stopped. A step says the lowest schema version a build must know to go on writing.

use crate::{StoreError, place};
use sqlx::{Connection, SqliteConnection};

/// One file's migrations in order; the version is how many of them it has.
#[derive(Debug)]
pub(crate) struct Schema {
    /// File name, for people.
    pub(crate) file: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One migration.
#[derive(Debug)]
pub(crate) struct Step {
    /// What it does.
    pub(crate) sql: &'static str,
    /// The lowest schema version whose builds may write the file after this step.
    pub(crate) min_writer: i64,
}

/// `decisions.db`.
pub(crate) const DECISIONS: Schema = Schema {
    file: place::DECISIONS,
    steps: &[
        Step { sql: include_str!("../migrations/decisions/0001_first.sql"), min_writer: 1 },
        Step { sql: include_str!("../migrations/decisions/0002_settings.sql"), min_writer: 1 },
        Step { sql: include_str!("../migrations/decisions/0003_printed_request.sql"), min_writer: 1 },
        // A build before it would write receipts without what finds them again.
        Step { sql: include_str!("../migrations/decisions/0004_integrity.sql"), min_writer: 4 },
    ],
};

/// `cache.db`.
pub(crate) const CACHE: Schema = Schema {
    file: place::CACHE,
    steps: &[Step { sql: include_str!("../migrations/cache/0001_first.sql"), min_writer: 1 }],
};

/// What a file says about itself.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    version: i64,
    min_writer: i64,
}

/// What a migration would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Everything: the file is new.
    Fresh,
    /// Some steps of a file with content.
    Steps {
        /// The version it has.
        from: i64,
    },
    /// Nothing.
    Nothing,
}

impl Schema {
    /// What is to be done to the file.
    pub(crate) async fn due(&self, conn: &mut SqliteConnection) -> Result<Due, StoreError> {
        Ok(match marks(conn).await?.unwrap_or_default().version {
            0 => Due::Fresh,
            from if from < self.version() => Due::Steps { from },
            _ => Due::Nothing,
        })
    }

    /// The version this build knows.
    pub(crate) fn version(&self) -> i64 {
        self.steps.len() as i64
    }

    /// Brings the file up to date, or refuses to write it.
    pub(crate) async fn migrate(&self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        let found = marks(conn).await?.unwrap_or_default();
        if found.min_writer > self.version() {
            return Err(self.newer(found));
        }
        for (version, step) in (1..).zip(self.steps) {
            if version > found.version {
                self.take(conn, version, step).await?;
            }
        }
        Ok(())
    }

    /// Is the file fit to be read by this build? `None` when no owner has set it up yet.
    pub(crate) async fn check(&self, conn: &mut SqliteConnection) -> Result<Option<()>, StoreError> {
        let Some(found) = marks(conn).await? else { return Ok(None) };
        if found.version < self.version() {
            let needed = self.version();
            return Err(StoreError::Older { file: self.file, found: found.version, needed });
        }
        Ok(Some(()))
    }

    async fn take(&self, conn: &mut SqliteConnection, version: i64, step: &Step) -> Result<(), StoreError> {
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        // Read again under the lock: another process may have taken the step meanwhile.
        if marks(&mut tx).await?.unwrap_or_default().version >= version {
            return Ok(());
        }
        sqlx::raw_sql(step.sql).execute(&mut *tx).await?;
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS meta (
                one INTEGER PRIMARY KEY CHECK (one = 1),
                schema_version INTEGER NOT NULL,
                min_writer INTEGER NOT NULL
            ) STRICT",
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT OR REPLACE INTO meta (one, schema_version, min_writer) VALUES (1, ?1, ?2)")
            .bind(version)
            .bind(step.min_writer)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    fn newer(&self, found: Marks) -> StoreError {
        StoreError::Newer { file: self.file, found: found.version, supported: self.version() }
    }
}

async fn marks(conn: &mut SqliteConnection) -> Result<Option<Marks>, StoreError> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'")
        .fetch_one(&mut *conn)
        .await?;
    if there == 0 {
        return Ok(None);
    }
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT schema_version, min_writer FROM meta").fetch_optional(conn).await?;
    Ok(row.map(|(version, min_writer)| Marks { version, min_writer }))
}
