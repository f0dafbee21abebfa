//! Opening: as the one owner that writes, or as a reader beside it.

use crate::ballast::Ballast;
use crate::times::to_us;
use crate::{StoreError, files, place, schema};
use domain::Clock;
use domain::receipt::Device;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteSynchronous;
use std::path::Path;
use std::sync::Arc;

/// What an owner brings along from the keychain.
pub struct Keys {
    /// Signs the receipts.
    pub device: Device,
    /// Keys the hashes that stand where secrets were; 32 random bytes.
    pub redaction: [u8; 32],
}

/// Both files, read-only. Cheap to clone. Any process may have one at any time.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) decisions: SqlitePool,
    pub(crate) cache: SqlitePool,
}

/// Both files, owned: all writing goes through here. One process at a time has one (the engine's lock sees to it).
pub struct Store {
    pub(crate) decisions: SqlitePool,
    pub(crate) cache: SqlitePool,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ballast: Ballast,
    reader: Reader,
}

impl Reader {
    /// Opens what an owner has left in `dir`. Works beside a running owner and without one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when no owner ever ran there; [`StoreError::Older`] when it has to be brought up to
    /// date first. A newer file is read: migrations are additive.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        if !dir.join(place::DECISIONS).exists() || !dir.join(place::CACHE).exists() {
            return Err(StoreError::Missing(dir.to_owned()));
        }
        let reader = Self {
            decisions: files::readers(&dir.join(place::DECISIONS)).await?,
            cache: files::readers(&dir.join(place::CACHE)).await?,
        };
        let missing = || StoreError::Missing(dir.to_owned());
        schema::DECISIONS.check(&mut *reader.decisions.acquire().await?).await?.ok_or_else(missing)?;
        schema::CACHE.check(&mut *reader.cache.acquire().await?).await?.ok_or_else(missing)?;
        Ok(reader)
    }
}

impl Store {
    /// Opens, and if needed creates, the files in `dir` (0700, files 0600), brings them up to date and takes ballast
    /// on. A cache that is plainly damaged is kept aside and begun anew; damaged decisions are an error (F40).
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::Newer`], [`StoreError::SqliteTooOld`], [`StoreError::Corrupt`].
    pub async fn open(dir: &Path, keys: Keys, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        place::prepare(dir)?;
        let decisions = files::writer(&dir.join(place::DECISIONS), SqliteSynchronous::Full).await?;
        schema::DECISIONS.migrate(&mut *decisions.acquire().await?).await?;
        let cache = match open_cache(dir).await {
            Err(StoreError::Corrupt(error)) => {
                tracing::warn!(%error, dir = %dir.display(), "cache.db is damaged: set aside and started afresh");
                place::set_aside(dir, place::CACHE, to_us(clock.now()))?;
                place::prepare(dir)?;
                open_cache(dir).await?
            }
            opened => opened?,
        };
        let reader = Reader::open(dir).await?;
        Ok(Self { decisions, cache, keys, clock, ballast: Ballast::load(dir), reader })
    }

    /// The reading side; every query lives there.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Closes all connections and folds the write-ahead logs into the files. Dropping without it loses nothing: the
    /// next owner finds the logs.
    pub async fn close(self) {
        self.reader.decisions.close().await;
        self.reader.cache.close().await;
        self.decisions.close().await;
        self.cache.close().await;
    }
}

async fn open_cache(dir: &Path) -> Result<SqlitePool, StoreError> {
    let cache = files::writer(&dir.join(place::CACHE), SqliteSynchronous::Normal).await?;
    schema::CACHE.migrate(&mut *cache.acquire().await?).await?;
    Ok(cache)
}
