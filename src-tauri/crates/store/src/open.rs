//! Opening: as the one owner that writes, as an owner that may only look, or as a reader beside one.

use crate::ballast::Ballast;
use crate::condition::Condition;
use crate::outbox::Scope;
use crate::shelf::Shelf;
use crate::{StoreError, backup, check, files, place, salvage, schema};
use domain::Clock;
use domain::receipt::Device;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteSynchronous;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::watch;

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
    pub(crate) decisions: Shelf,
    pub(crate) cache: Shelf,
}

/// Both files, owned: all writing goes through here. One process at a time has one (the engine's lock sees to it).
pub struct Store {
    pub(crate) dir: PathBuf,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ballast: Ballast,
    pub(crate) decisions: Shelf,
    pub(crate) cache: Shelf,
    pub(crate) condition: watch::Sender<Condition>,
    /// SQLite's mark of who wrote `decisions.db` last; 0 before it was asked for.
    pub(crate) data_version: AtomicI64,
    access: Access,
    reader: Reader,
}

/// What an owner may do.
enum Access {
    Write,
    /// Why it may only look, as a sentence.
    Look(String),
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
        let decisions = files::readers(&dir.join(place::DECISIONS)).await?;
        let cache = files::readers(&dir.join(place::CACHE)).await?;
        let missing = || StoreError::Missing(dir.to_owned());
        schema::DECISIONS.check(&mut *decisions.acquire().await?).await?.ok_or_else(missing)?;
        schema::CACHE.check(&mut *cache.acquire().await?).await?.ok_or_else(missing)?;
        Ok(Self { decisions: Shelf::new(decisions), cache: Shelf::new(cache) })
    }
}

impl Store {
    /// Opens, and if needed creates, the files in `dir` (0700, files 0600), checks them, brings them up to date and takes
    /// ballast on. A damaged cache is kept aside and begun anew, damaged decisions are kept aside and what can be read
    /// of them is taken over (F40); [`Reader::incidents`] tells of it. Open rows that are not what was written here are
    /// mended before anybody acts on them (A27).
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::Unfit`], [`StoreError::Newer`], [`StoreError::SqliteTooOld`],
    /// [`StoreError::DiskFull`].
    pub async fn open(dir: &Path, keys: Keys, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        place::prepare(dir)?;
        salvage::finish_interrupted(dir)?;
        let (decisions, salvaged) = match open_decisions(dir).await {
            Err(StoreError::Corrupt(error)) => {
                let salvaged = salvage::run(dir, &keys, clock.now(), &error).await?;
                (open_decisions(dir).await?, Some(salvaged))
            }
            opened => (opened?, None),
        };
        let (cache, rebuilt) = match open_cache(dir).await {
            Err(StoreError::Corrupt(error)) => {
                let aside = place::set_aside(dir, place::CACHE, clock.now())?;
                tracing::warn!(%error, aside, "cache.db is damaged: set aside and started afresh");
                place::prepare(dir)?;
                (open_cache(dir).await?, Some(aside))
            }
            opened => (opened?, None),
        };
        let store = Self::over(dir, keys, clock, Access::Write, (decisions, cache), Reader::open(dir).await?);
        match store.attest(Scope::Open).await {
            // The pages are sound and the text in them is not.
            Err(StoreError::Corrupt(error)) => {
                tracing::warn!(%error, "a row of decisions.db cannot be read");
                store.change(|condition| condition.damaged = Some(crate::File::Decisions));
                store.mend().await?;
            }
            attested => {
                attested?;
            }
        }
        if let Some(salvaged) = salvaged {
            store.note(salvaged.incident(store.clock.now())).await?;
        }
        if let Some(aside) = rebuilt {
            store.note(crate::mend::rebuilt(&aside, store.clock.now())).await?;
        }
        store.foreign_write().await?;
        Ok(store)
    }

    /// Opens files that this build may not write, to be looked at only; every write is refused with `why` (F41).
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub async fn look(
        dir: &Path,
        keys: Keys,
        clock: Arc<dyn Clock>,
        why: String,
    ) -> Result<Self, StoreError> {
        let reader = Reader::open(dir).await?;
        let pools = (reader.decisions.pool(), reader.cache.pool());
        Ok(Self::over(dir, keys, clock, Access::Look(why), pools, reader))
    }

    fn over(
        dir: &Path,
        keys: Keys,
        clock: Arc<dyn Clock>,
        access: Access,
        (decisions, cache): (SqlitePool, SqlitePool),
        reader: Reader,
    ) -> Self {
        let ballast = match &access {
            Access::Write => Ballast::load(dir),
            Access::Look(_) => Ballast::none(dir),
        };
        Self {
            dir: dir.to_owned(),
            keys,
            clock,
            ballast,
            decisions: Shelf::new(decisions),
            cache: Shelf::new(cache),
            condition: watch::Sender::new(Condition::default()),
            data_version: AtomicI64::new(0),
            access,
            reader,
        }
    }

    /// The reading side; every query lives there.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Why nothing can be written, if nothing can.
    pub fn read_only(&self) -> Option<&str> {
        match &self.access {
            Access::Write => None,
            Access::Look(why) => Some(why),
        }
    }

    /// The connection that writes `decisions.db`.
    pub(crate) fn writable(&self) -> Result<SqlitePool, StoreError> {
        self.may_write().map(|()| self.decisions.pool())
    }

    /// The connection that writes `cache.db`.
    pub(crate) fn writable_cache(&self) -> Result<SqlitePool, StoreError> {
        self.may_write().map(|()| self.cache.pool())
    }

    fn may_write(&self) -> Result<(), StoreError> {
        self.read_only().map_or(Ok(()), |why| Err(StoreError::ReadOnly(why.to_owned())))
    }

    /// Closes all connections and folds the write-ahead logs into the files. Dropping without it loses nothing: the
    /// next owner finds the logs.
    pub async fn close(self) {
        self.reader.decisions.pool().close().await;
        self.reader.cache.pool().close().await;
        self.decisions.pool().close().await;
        self.cache.pool().close().await;
    }
}

/// Opens, checks and brings up to date what must never be lost. Before the first step of a migration a copy is made; it
/// goes at the first start that has nothing to do (F42).
pub(crate) async fn open_decisions(dir: &Path) -> Result<SqlitePool, StoreError> {
    let path = dir.join(place::DECISIONS);
    let decisions = files::writer(&path, SqliteSynchronous::Full).await?;
    let mut conn = decisions.acquire().await?;
    check::quick(&mut conn).await?;
    match schema::DECISIONS.due(&mut conn).await? {
        schema::Due::Fresh => {}
        schema::Due::Nothing => backup::forget_copies(dir),
        schema::Due::Steps { from } => backup::copy_before(&mut conn, dir, from).await?,
    }
    schema::DECISIONS.migrate(&mut conn).await?;
    drop(conn);
    Ok(decisions)
}

/// The same for the cache; it has no copy: the gateway has all of it. Its pages are checked later, in the background.
pub(crate) async fn open_cache(dir: &Path) -> Result<SqlitePool, StoreError> {
    let cache = files::writer(&dir.join(place::CACHE), SqliteSynchronous::Normal).await?;
    schema::CACHE.migrate(&mut *cache.acquire().await?).await?;
    Ok(cache)
}
