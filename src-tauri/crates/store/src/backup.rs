//! Copies of the files: one of `decisions.db` before its form changes (F42), and of both whenever a person asks.

use crate::{Reader, StoreError, place};
use sqlx::{SqliteConnection, SqlitePool};
use std::fs;
use std::path::Path;

impl Reader {
    /// Writes a whole copy of both files as they are at one moment each, while an owner goes on writing: decisions to
    /// `decisions`, cache to `cache`. Neither may exist.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::NotWritable`]; what was written of a copy is gone then.
    pub async fn copy_to(&self, decisions: &Path, cache: &Path) -> Result<(), StoreError> {
        copy(&self.decisions.pool(), decisions).await?;
        copy(&self.cache.pool(), cache).await
    }
}

async fn copy(pool: &SqlitePool, to: &Path) -> Result<(), StoreError> {
    let done = vacuum_into(&mut *pool.acquire().await?, to).await;
    if done.is_err() {
        let _ = fs::remove_file(to);
    }
    done
}

/// The name of the copy made before a migration from that version.
fn copy_name(from: i64) -> String {
    format!("decisions.before-v{}.db", from + 1)
}

/// Copies `decisions.db` before its first step. A copy that is there already is older and better: the steps that were
/// taken since were killed in between.
pub(crate) async fn copy_before(
    conn: &mut SqliteConnection,
    dir: &Path,
    from: i64,
) -> Result<(), StoreError> {
    let path = dir.join(copy_name(from));
    if (1..=from).any(|version| dir.join(copy_name(version)).exists()) {
        return Ok(());
    }
    vacuum_into(conn, &path).await
}

/// Nothing is to be migrated: the copies have done their service.
pub(crate) fn forget_copies(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("decisions.before-v") && name.ends_with(".db") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

async fn vacuum_into(conn: &mut SqliteConnection, to: &Path) -> Result<(), StoreError> {
    // Made first, so that nobody else can read it; SQLite takes an empty file.
    let refused = |source| StoreError::NotWritable { path: to.to_owned(), source };
    place::open_private(to).map_err(refused)?;
    sqlx::query("VACUUM INTO ?1").bind(to.to_string_lossy().into_owned()).execute(conn).await?;
    fs::File::open(to).and_then(|file| file.sync_all()).map_err(refused)
}
